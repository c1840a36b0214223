// The files of a folder of images and their labels.
//
// Layouts, told apart by what is there:
//   train/<class>/...  with  val/<class>/... or test/<class>/...
//   train/<class>/...  with  val/* or val/images/* and a label file: DatasetOptions::label_file, or
//                      val/val_annotations.txt as Tiny ImageNet has it
//   <class>/...        some are held out as test images: hold_out.h
//
// train may be called training; val valid or validation; test testing, with capitals or without. Of
// val and test together val is taken, since what is chosen by it must not be what is reported; what
// is not read is named. A part that has no counterpart is an error, not a class.
//
// A class's images are the files in its folder and the folders below whose names end as those of
// JPEG, PNG, WebP, GIF, TIFF and BMP do (any case); pictures in other formats are counted and
// named. Classes are the folders' names in byte order. Names that begin with a dot are passed over,
// and links that lead to a folder that is read already or that they lie in, which are named.
#ifndef DATA_IMAGE_FOLDER_LISTING_H_
#define DATA_IMAGE_FOLDER_LISTING_H_

#include <absl/status/statusor.h>

#include "data/dataset.h"
#include "data/picture_files.h"

namespace nap {

// Errors name the folder, or the label file and its line.
absl::StatusOr<LabelledFiles> ListImageFolder(const DatasetOptions& options);

}  // namespace nap

#endif  // DATA_IMAGE_FOLDER_LISTING_H_
