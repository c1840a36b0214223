#include "nap/training/pickle_reader.h"

#include <absl/strings/str_cat.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "nap/base/status_macros.h"

namespace nap::pickle {
namespace {

// The opcodes of Python's pickletools that are read.
enum Opcode : char {
  kMark = '(',
  kStop = '.',
  kBinFloat = 'G',
  kBinInt = 'J',
  kBinInt1 = 'K',
  kBinInt2 = 'M',
  kBinPersId = 'Q',
  kReduce = 'R',
  kBinUnicode = 'X',
  kGlobal = 'c',
  kBinGet = 'h',
  kLongBinGet = 'j',
  kBinPut = 'q',
  kLongBinPut = 'r',
  kTuple = 't',
  kSetItems = 'u',
  kEmptyDict = '}',
  kEmptyTuple = ')',
  kProto = '\x80',
  kTuple1 = '\x85',
  kTuple2 = '\x86',
  kTuple3 = '\x87',
  kNewTrue = '\x88',
  kNewFalse = '\x89',
  kLong1 = '\x8a',
};

// A tuple in a tuple in a tuple is the most that there is, in a tensor's arguments.
constexpr int kDeepest = 4;

constexpr char kRebuildTensor[] = "torch._utils _rebuild_tensor_v2";
constexpr char kRestoreType[] = "torch.jit._pickle restore_type_tag";
constexpr char kOrderedDict[] = "collections OrderedDict";

class PickleReader {
 public:
  PickleReader(absl::string_view pickle, const std::map<std::string, std::string>& records)
      : rest_(pickle), records_(records) {
    uint64_t size = pickle.size();
    for (const auto& [name, record] : records) size += record.size();
    budget_ = kMostCopies * size;
  }

  absl::StatusOr<Value> Read() {
    while (!rest_.empty()) {
      const char opcode = rest_[0];
      rest_.remove_prefix(1);
      if (opcode == kStop) return Pop<Value>();
      NAP_RETURN_IF_ERROR(Do(opcode));
    }
    return Wrong("its pickle ends too early");
  }

 private:
  // --- bytes ---

  absl::StatusOr<absl::string_view> Bytes(uint64_t count) {
    if (count > rest_.size()) return Wrong("its pickle ends too early");
    const absl::string_view bytes = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return bytes;
  }

  // Little-endian.
  absl::StatusOr<uint64_t> Number(size_t count) {
    NAP_ASSIGN_OR_RETURN(const absl::string_view bytes, Bytes(count));
    uint64_t number = 0;
    for (size_t i = count; i-- > 0;) number = number << 8 | static_cast<uint8_t>(bytes[i]);
    return number;
  }

  absl::StatusOr<absl::string_view> Line() {
    const size_t end = rest_.find('\n');
    if (end == absl::string_view::npos) return Wrong("its pickle ends too early");
    const absl::string_view line = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    return line;
  }

  // --- the stack ---

  template <typename T>
  void Push(T value) {
    stack_.emplace_back().is = std::move(value);
  }

  // The top as a T, or as whatever it is.
  template <typename T>
  absl::StatusOr<T> Pop() {
    if (stack_.empty()) return Wrong("its pickle takes more than it has");
    Value value = std::move(stack_.back());
    stack_.pop_back();
    if constexpr (std::is_same_v<T, Value>) {
      return value;
    } else {
      return As<T>(value);
    }
  }

  // What was pushed since the last mark, which goes, too.
  absl::StatusOr<std::vector<Value>> PopToMark() {
    const auto is_mark = [](const Value& value) { return std::holds_alternative<Mark>(value.is); };
    const auto mark = std::find_if(stack_.rbegin(), stack_.rend(), is_mark).base();
    if (mark == stack_.begin()) return Wrong("its pickle takes more than it has");
    std::vector<Value> values = PopFrom(mark);
    stack_.pop_back();
    return values;
  }

  absl::StatusOr<std::vector<Value>> PopSeveral(size_t count) {
    if (stack_.size() < count) return Wrong("its pickle takes more than it has");
    return PopFrom(stack_.end() - static_cast<ptrdiff_t>(count));
  }

  std::vector<Value> PopFrom(std::vector<Value>::iterator first) {
    std::vector<Value> values(std::make_move_iterator(first),
                              std::make_move_iterator(stack_.end()));
    stack_.erase(first, stack_.end());
    return values;
  }

  // --- opcodes ---

  absl::Status Do(char opcode) {
    switch (opcode) {
      case kProto:
        return Number(1).status();
      case kMark:
        Push(Mark{});
        return absl::OkStatus();
      case kNewTrue:
      case kNewFalse:
        Push(opcode == kNewTrue);
        return absl::OkStatus();
      case kBinInt1:
        return PushInteger(1, /*is_signed=*/false);
      case kBinInt2:
        return PushInteger(2, /*is_signed=*/false);
      case kBinInt:
        return PushInteger(4, /*is_signed=*/true);
      case kLong1: {
        NAP_ASSIGN_OR_RETURN(const uint64_t size, Number(1));
        if (size > 8) return Wrong("its pickle has an integer of more than 64 bits");
        return PushInteger(size, /*is_signed=*/true);
      }
      case kBinFloat:
        return PushFloat();
      case kBinUnicode: {
        NAP_ASSIGN_OR_RETURN(const uint64_t size, Number(4));
        NAP_ASSIGN_OR_RETURN(const absl::string_view bytes, Bytes(size));
        Push(std::make_shared<const std::string>(bytes));
        return absl::OkStatus();
      }
      case kGlobal: {
        NAP_ASSIGN_OR_RETURN(const absl::string_view module, Line());
        NAP_ASSIGN_OR_RETURN(const absl::string_view name, Line());
        Push(Global{absl::StrCat(module, " ", name)});
        return absl::OkStatus();
      }
      case kBinPut:
        return Put(1);
      case kLongBinPut:
        return Put(4);
      case kBinGet:
        return Get(1);
      case kLongBinGet:
        return Get(4);
      case kEmptyTuple:
        return PushTuple({});
      case kTuple1:
      case kTuple2:
      case kTuple3: {
        NAP_ASSIGN_OR_RETURN(std::vector<Value> items, PopSeveral(opcode - kTuple1 + 1));
        return PushTuple(std::move(items));
      }
      case kTuple: {
        NAP_ASSIGN_OR_RETURN(std::vector<Value> items, PopToMark());
        return PushTuple(std::move(items));
      }
      case kEmptyDict:
        Push(std::make_shared<Dict>());
        return absl::OkStatus();
      case kSetItems:
        return SetItems();
      case kBinPersId:
        return PushStorage();
      case kReduce:
        return Reduce();
      default:
        return Wrong(absl::StrCat("its pickle has the opcode ", static_cast<uint8_t>(opcode),
                                  ", which no checkpoint has"));
    }
  }

  absl::Status PushInteger(size_t size, bool is_signed) {
    NAP_ASSIGN_OR_RETURN(const uint64_t number, Number(size));
    const int unused = 64 - 8 * static_cast<int>(size);
    // The sign is that of the number's own highest bit.
    Push(size == 0 || !is_signed ? static_cast<int64_t>(number)
                                 : static_cast<int64_t>(number << unused) >> unused);
    return absl::OkStatus();
  }

  absl::Status PushFloat() {
    NAP_ASSIGN_OR_RETURN(const absl::string_view bytes, Bytes(8));
    uint64_t bits = 0;
    for (const char byte : bytes) bits = bits << 8 | static_cast<uint8_t>(byte);  // big-endian
    double number = 0;
    std::memcpy(&number, &bits, sizeof number);
    Push(number);
    return absl::OkStatus();
  }

  absl::Status Put(size_t size) {
    NAP_ASSIGN_OR_RETURN(const uint64_t place, Number(size));
    if (stack_.empty()) return Wrong("its pickle keeps what it has not");
    memo_[place] = stack_.back();
    return absl::OkStatus();
  }

  absl::Status Get(size_t size) {
    NAP_ASSIGN_OR_RETURN(const uint64_t place, Number(size));
    const auto found = memo_.find(place);
    if (found == memo_.end()) return Wrong("its pickle names what it has not kept");
    stack_.push_back(found->second);
    return absl::OkStatus();
  }

  absl::Status PushTuple(std::vector<Value> items) {
    int depth = 1;
    for (const Value& item : items) {
      const auto* const inner = std::get_if<std::shared_ptr<const Tuple>>(&item.is);
      if (inner != nullptr) depth = std::max(depth, (*inner)->depth + 1);
    }
    if (depth > kDeepest) return Wrong("its pickle has tuples too deep within each other");
    Push(std::make_shared<const Tuple>(Tuple{std::move(items), depth}));
    return absl::OkStatus();
  }

  absl::Status SetItems() {
    NAP_ASSIGN_OR_RETURN(const std::vector<Value> items, PopToMark());
    NAP_ASSIGN_OR_RETURN(const auto dict, Pop<std::shared_ptr<Dict>>());
    if (items.size() % 2 != 0) return Wrong("its pickle has a name without a value");
    for (size_t i = 0; i < items.size(); i += 2) {
      NAP_ASSIGN_OR_RETURN(const auto name, As<std::shared_ptr<const std::string>>(items[i]));
      const auto* const tensor = std::get_if<at::Tensor>(&items[i + 1].is);
      const auto* const text = std::get_if<std::shared_ptr<const std::string>>(&items[i + 1].is);
      // Nothing that holds others: it could hold itself.
      if (tensor == nullptr && text == nullptr &&
          !std::holds_alternative<int64_t>(items[i + 1].is) &&
          !std::holds_alternative<double>(items[i + 1].is)) {
        return Wrong(absl::StrCat("'", *name, "' is of a kind that no checkpoint has"));
      }
      NAP_RETURN_IF_ERROR(Spend(name->size() + (text == nullptr ? 0 : (*text)->size())));
      dict->items[*name] = items[i + 1];
    }
    Push(dict);
    return absl::OkStatus();
  }

  // What is there once may be named many times, and is copied each time.
  absl::Status Spend(uint64_t bytes) {
    if (bytes > budget_) return Wrong("it is much larger than its file");
    budget_ -= bytes;
    return absl::OkStatus();
  }

  // --- tensors ---

  absl::StatusOr<std::vector<Value>> PopItems(size_t least, size_t most) {
    NAP_ASSIGN_OR_RETURN(const auto tuple, Pop<std::shared_ptr<const Tuple>>());
    if (tuple->items.size() < least || tuple->items.size() > most) {
      return Wrong("its pickle has a tuple of another size than is expected");
    }
    return tuple->items;
  }

  absl::Status PushStorage() {
    NAP_ASSIGN_OR_RETURN(const std::vector<Value> id, PopItems(5, 5));
    NAP_ASSIGN_OR_RETURN(Storage storage, FindStorage(id, records_));
    Push(std::move(storage));
    return absl::OkStatus();
  }

  absl::Status Reduce() {
    if (stack_.size() < 2) return Wrong("its pickle takes more than it has");
    NAP_ASSIGN_OR_RETURN(const Global function, As<Global>(stack_[stack_.size() - 2]));
    if (function.name == kRebuildTensor) return RebuildTensor();
    if (function.name == kRestoreType) {  // which LibTorch knows without it, (value, type)
      NAP_ASSIGN_OR_RETURN(const std::vector<Value> arguments, PopItems(2, 2));
      stack_.back() = arguments[0];
      return absl::OkStatus();
    }
    if (function.name == kOrderedDict) {  // a tensor's hooks: none
      NAP_RETURN_IF_ERROR(PopItems(0, 0).status());
      stack_.back() = {std::make_shared<Dict>()};
      return absl::OkStatus();
    }
    return Wrong("its pickle calls what no checkpoint calls");
  }

  absl::Status RebuildTensor() {
    NAP_ASSIGN_OR_RETURN(const std::vector<Value> arguments, PopItems(6, 6));
    NAP_ASSIGN_OR_RETURN(const TensorLayout layout, LayoutOf(arguments));
    NAP_RETURN_IF_ERROR(Spend(StorageBytes(layout.storage)));
    stack_.back() = {CopyOf(layout)};
    return absl::OkStatus();
  }

  static constexpr uint64_t kMostCopies = 16;

  absl::string_view rest_;
  const std::map<std::string, std::string>& records_;
  uint64_t budget_;  // bytes that may still be copied
  std::vector<Value> stack_;
  std::map<uint64_t, Value> memo_;
};

}  // namespace

absl::StatusOr<Value> ReadPickle(absl::string_view pickle,
                                 const std::map<std::string, std::string>& records) {
  return PickleReader(pickle, records).Read();
}

}  // namespace nap::pickle
