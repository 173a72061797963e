"""Messages of protobuf-py."""
