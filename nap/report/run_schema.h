// The names of a run folder's files and of what stands in them (docs/run_folder.md), for those who
// write and those who read.
#ifndef NAP_REPORT_RUN_SCHEMA_H_
#define NAP_REPORT_RUN_SCHEMA_H_

namespace nap {

namespace run_file {

inline constexpr char kConfig[] = "config.json";
inline constexpr char kMetrics[] = "metrics.jsonl";
inline constexpr char kStrengths[] = "strengths.jsonl";
inline constexpr char kGenotype[] = "genotype.json";
inline constexpr char kFront[] = "front.json";
inline constexpr char kGenotypeText[] = "genotype.txt";
inline constexpr char kGenotypeDot[] = "genotype.dot";
inline constexpr char kGenotypeSvg[] = "genotype.svg";
inline constexpr char kModel[] = "model.pt";
inline constexpr char kOnnxModel[] = "model.onnx";
inline constexpr char kInt8OnnxModel[] = "model_int8.onnx";
inline constexpr char kBestModel[] = "model.best.pt";
inline constexpr char kReport[] = "report.html";

}  // namespace run_file

namespace run_key {

// config.json
inline constexpr char kExperiment[] = "experiment";
inline constexpr char kFlags[] = "flags";
inline constexpr char kParts[] = "parts";
inline constexpr char kPlugins[] = "plugins";
inline constexpr char kVersions[] = "versions";
inline constexpr char kMachine[] = "machine";
inline constexpr char kFinished[] = "finished";

// metrics.jsonl: a line is of a kind.
inline constexpr char kKind[] = "kind";
inline constexpr char kEpoch[] = "epoch";
inline constexpr char kStep[] = "step";
inline constexpr char kLearningRate[] = "learning_rate";
inline constexpr char kTrainLoss[] = "train_loss";
inline constexpr char kTrainAccuracy[] = "train_accuracy";
inline constexpr char kStrengthLoss[] = "strength_loss";
inline constexpr char kValidLoss[] = "valid_loss";
inline constexpr char kValidAccuracy[] = "valid_accuracy";
inline constexpr char kTestLoss[] = "test_loss";
inline constexpr char kTestAccuracy[] = "test_accuracy";
inline constexpr char kTestTop5Accuracy[] = "test_top5_accuracy";
inline constexpr char kSeconds[] = "seconds";
inline constexpr char kImagesPerSecond[] = "images_per_second";
inline constexpr char kOperationsAlive[] = "operations_alive";
inline constexpr char kSupernetParameters[] = "supernet_parameters";
inline constexpr char kPeakMemoryBytes[] = "peak_memory_bytes";
inline constexpr char kPeakGpuMemoryBytes[] = "peak_gpu_memory_bytes";
inline constexpr char kBrokenImages[] = "broken_images";
inline constexpr char kProcesses[] = "processes";
inline constexpr char kWaitingShare[] = "waiting_share";
inline constexpr char kBytesSent[] = "bytes_sent";
inline constexpr char kArchitecture[] = "architecture";
inline constexpr char kTableAccuracy[] = "table_accuracy";
inline constexpr char kTableRank[] = "table_rank";

// strengths.jsonl
inline constexpr char kOperations[] = "operations";
inline constexpr char kStrengths[] = "strengths";
inline constexpr char kMixingWeights[] = "mixing_weights";
inline constexpr char kEdgeStrengths[] = "edge_strengths";
inline constexpr char kPruned[] = "pruned";
inline constexpr char kLiving[] = "living";
inline constexpr char kGenotype[] = "genotype";
inline constexpr char kRemovals[] = "removals";
inline constexpr char kScorings[] = "scorings";

// one of its scorings
inline constexpr char kScores[] = "scores";
inline constexpr char kSamples[] = "samples";  // each with scores and an architecture

// one of its removals; a scoring has this number, too
inline constexpr char kOperation[] = "operation";
inline constexpr char kScoring[] = "scoring";
inline constexpr char kScore[] = "score";
inline constexpr char kNext[] = "next";

// front.json
inline constexpr char kCost[] = "cost";
inline constexpr char kQuality[] = "quality";
inline constexpr char kPoints[] = "points";

// one of its points; costs have their names, a genotype is one as above
inline constexpr char kPoint[] = "point";
inline constexpr char kLimit[] = "limit";
inline constexpr char kLatencyMs[] = "latency_ms";
inline constexpr char kSameAs[] = "same_as";
inline constexpr char kDominatedBy[] = "dominated_by";
inline constexpr char kFile[] = "file";

}  // namespace run_key

// What metrics.jsonl's lines are of.
namespace run_kind {

inline constexpr char kStep[] = "step";
inline constexpr char kEpoch[] = "epoch";

}  // namespace run_kind

}  // namespace nap

#endif  // NAP_REPORT_RUN_SCHEMA_H_
