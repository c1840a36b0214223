"""Reads TensorBoard event files by their specification, with nothing of NAP's and nothing of
TensorBoard's: TFRecord frames, CRC-32C computed bit by bit, and protobuf's own parser for messages
declared with the field numbers of tensorflow/core/util/event.proto and framework/summary.proto."""
import struct

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

Field = descriptor_pb2.FieldDescriptorProto


def _event_class():
    file = descriptor_pb2.FileDescriptorProto(name="event.proto", package="tensorflow", syntax="proto3")
    event = file.message_type.add(name="Event")
    event.field.add(name="wall_time", number=1, type=Field.TYPE_DOUBLE, label=Field.LABEL_OPTIONAL)
    event.field.add(name="step", number=2, type=Field.TYPE_INT64, label=Field.LABEL_OPTIONAL)
    event.field.add(name="file_version", number=3, type=Field.TYPE_STRING, label=Field.LABEL_OPTIONAL)
    event.field.add(name="summary", number=5, type=Field.TYPE_MESSAGE, label=Field.LABEL_OPTIONAL,
                    type_name=".tensorflow.Summary")
    summary = file.message_type.add(name="Summary")
    value = summary.nested_type.add(name="Value")
    value.field.add(name="tag", number=1, type=Field.TYPE_STRING, label=Field.LABEL_OPTIONAL)
    value.field.add(name="simple_value", number=2, type=Field.TYPE_FLOAT, label=Field.LABEL_OPTIONAL)
    summary.field.add(name="value", number=1, type=Field.TYPE_MESSAGE, label=Field.LABEL_REPEATED,
                      type_name=".tensorflow.Summary.Value")
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.MessageFactory(pool).GetPrototype(
        pool.FindMessageTypeByName("tensorflow.Event"))


def _masked_crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def records(content):
    """The events' bytes; an assertion fails where a length or a checksum is wrong."""
    position = 0
    while position < len(content):
        header = content[position:position + 8]
        length, = struct.unpack("<Q", header)
        header_crc, = struct.unpack_from("<I", content, position + 8)
        assert header_crc == _masked_crc32c(header), f"byte {position}: the length's checksum is wrong"
        data = content[position + 12:position + 12 + length]
        data_crc, = struct.unpack_from("<I", content, position + 12 + length)
        assert data_crc == _masked_crc32c(data), f"byte {position}: the data's checksum is wrong"
        position += 16 + length
        yield data


def events(path):
    Event = _event_class()
    with open(path, "rb") as file:
        for data in records(file.read()):
            event = Event()
            assert event.ParseFromString(data) == len(data)
            assert not event.UnknownFields(), "a field that is not declared"
            yield event
