#include "nap/export/model_description.h"

#include <absl/strings/str_cat.h>
#include <gtest/gtest.h>

#include "nap/architecture/genotypes_for_tests.h"

namespace nap {
namespace {

ModelDescription Example() {
  ModelDescription model;
  model.spec = {DartsV2(), {36, 20, 3, 2, StemKind::kImageNet}, true};
  model.class_names = {"caf\xC3\xA9", "a \"b\"\n"};
  model.mean = {0.1F, 1.0F / 3, 1e-30F};
  model.stddev = {0.2470F, 16777217.0F, 1.17549435e-38F};
  model.image_size = {224, 224};
  model.test_crop = 0.875;
  return model;
}

TEST(ModelDescriptionTest, ReadsBackWhatWasWritten) {
  const ModelDescription written = Example();
  const auto read = ModelDescriptionFromJson(ModelDescriptionToJson(written));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->spec.genotype, written.spec.genotype);
  EXPECT_EQ(read->spec.network.channels, 36);
  EXPECT_EQ(read->spec.network.cells, 20);
  EXPECT_EQ(read->spec.network.image_channels, 3);
  EXPECT_EQ(read->spec.network.classes, 2);
  EXPECT_EQ(read->spec.network.stem, StemKind::kImageNet);
  EXPECT_TRUE(read->spec.auxiliary_head);
  EXPECT_EQ(read->class_names, written.class_names);
  EXPECT_EQ(read->mean, written.mean);
  EXPECT_EQ(read->stddev, written.stddev);
  EXPECT_EQ(read->image_size.height, 224);
  EXPECT_EQ(read->image_size.width, 224);
  EXPECT_EQ(read->test_crop, 0.875);
  EXPECT_EQ(ModelDescriptionToJson(*read), ModelDescriptionToJson(written));
}

TEST(ModelDescriptionTest, EarlierVersionsDoNotSayHowTestImagesWereCut) {
  ModelDescription model = Example();
  model.test_crop.reset();
  const std::string text = ModelDescriptionToJson(model);
  EXPECT_EQ(text.find("test_crop"), std::string::npos);
  const auto read = ModelDescriptionFromJson(text);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_FALSE(read->test_crop.has_value());
}

TEST(ModelDescriptionTest, ImagesNeedNotBeSquare) {
  ModelDescription model = Example();
  model.image_size = {64, 128};
  const std::string text = ModelDescriptionToJson(model);
  EXPECT_NE(text.find("\"image_size\":[64,128]"), std::string::npos) << text;
  const auto read = ModelDescriptionFromJson(text);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->image_size.height, 64);
  EXPECT_EQ(read->image_size.width, 128);
}

TEST(ModelDescriptionTest, NamesNeedNotBeUtf8) {
  ModelDescription model = Example();
  model.class_names[0] = "caf\xE9";
  const auto read = ModelDescriptionFromJson(ModelDescriptionToJson(model));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->class_names[0], "caf\xE9");
}

TEST(ModelDescriptionTest, SaysWhatIsWrong) {
  const std::string good = ModelDescriptionToJson(Example());
  const auto message = [&](const std::string& what, const std::string& with) {
    std::string text = good;
    const size_t at = text.find(what);
    EXPECT_NE(at, std::string::npos) << what;
    text.replace(at, what.size(), with);
    return std::string(ModelDescriptionFromJson(text).status().message());
  };
  EXPECT_EQ(ModelDescriptionFromJson("{").status().message(),
            "model description: the text is not valid JSON");
  EXPECT_EQ(ModelDescriptionFromJson("[]").status().message(),
            "model description: the top level must be an object");
  EXPECT_EQ(message("\"mean\"", "\"x\""), "model description: the top level lacks the key 'mean'");
  EXPECT_EQ(message("\"mean\":[", "\"mean\":[1,"),
            "model description: mean must be a list of 3 numbers, one a channel");
  EXPECT_EQ(message("\"stddev\":[", "\"stddev\":[0,1,2],\"y\":["),
            "model description: stddev must be positive");
  EXPECT_EQ(message("\"classes\":2", "\"classes\":3"),
            "model description: class_names must be a list of 3 texts, one a class");
  EXPECT_EQ(message("\"cells\":20", "\"cells\":0"),
            "model description: cells must be a positive whole number");
  for (const char* size : {"0", "[224]", "[224,-1]", "[224,1,1]", "\"224\""}) {
    EXPECT_EQ(message("\"image_size\":224", absl::StrCat("\"image_size\":", size)),
              "model description: image_size must be a positive whole number, or a list of height "
              "and width");
  }
  EXPECT_EQ(message("0.875", "0"), "model description: test_crop must be a share above 0, up to 1");
  EXPECT_EQ(message("\"imagenet\"", "\"x\""),
            "model description: stem must be 'cifar' or 'imagenet'");
  EXPECT_EQ(message("\"concat\"", "\"x\""), "genotype JSON: cells.normal has the unknown key 'x'");
}

}  // namespace
}  // namespace nap
