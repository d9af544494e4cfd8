"""ONNX policies: load, verify, run. The only place for ONNX Runtime."""
