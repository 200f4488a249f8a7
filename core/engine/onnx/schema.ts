/**
 * The part of the ONNX format that the writer uses, as a protobuf schema. Field numbers are those of
 * onnx.proto (ONNX 1.16, IR version 9).
 */
import protobuf from 'protobufjs';

const SCHEMA = `
syntax = "proto3";
message Attribute {
  string name = 1;
  float f = 2;
  int64 i = 3;
  bytes s = 4;
  repeated int64 ints = 8;
  int32 type = 20;
}
message Node {
  repeated string input = 1;
  repeated string output = 2;
  string name = 3;
  string op_type = 4;
  repeated Attribute attribute = 5;
  string domain = 7;
}
message Tensor {
  repeated int64 dims = 1;
  int32 data_type = 2;
  string name = 8;
  bytes raw_data = 9;
}
message Dimension {
  oneof value {
    int64 dim_value = 1;
    string dim_param = 2;
  }
}
message Shape {
  repeated Dimension dim = 1;
}
message TensorType {
  int32 elem_type = 1;
  Shape shape = 2;
}
message Type {
  TensorType tensor_type = 1;
}
message ValueInfo {
  string name = 1;
  Type type = 2;
}
message Graph {
  repeated Node node = 1;
  string name = 2;
  repeated Tensor initializer = 5;
  repeated ValueInfo input = 11;
  repeated ValueInfo output = 12;
}
message OperatorSet {
  string domain = 1;
  int64 version = 2;
}
message Model {
  int64 ir_version = 1;
  string producer_name = 2;
  Graph graph = 7;
  repeated OperatorSet opset_import = 8;
}`;

export const MODEL = protobuf.parse(SCHEMA, { keepCase: true }).root.lookupType('Model');
