"""Generates the messages of the tests, of both libraries, before any test is imported."""

import atexit
import importlib.resources
import shutil
import sys
import tempfile
from pathlib import Path

import pytest
from grpc_tools import protoc

ROOT = Path(__file__).parents[2]
GENERATED = Path(tempfile.mkdtemp(prefix="protoc-gen-sse-python-"))
atexit.register(shutil.rmtree, GENERATED, ignore_errors=True)


def generate() -> None:
    """Write `*_pb2.py` to the path, and `*_pb.py` of protobuf-py to the package `py_gen`."""
    protos = GENERATED / "protos"
    for folder in ("proto", "test/proto", "test/json-codec"):
        for source in (ROOT / folder).rglob("*.proto"):
            target = protos / source.relative_to(ROOT / folder)
            target.parent.mkdir(parents=True, exist_ok=True)
            lines = source.read_text().splitlines(keepends=True)
            # protoc refuses maps of enums without zero. buf does not.
            target.write_text("".join(line for line in lines if "> by_name = " not in line))
    (GENERATED / "py_gen").mkdir()
    status = protoc.main(
        [
            "protoc",
            f"-I{protos}",
            f"-I{importlib.resources.files('grpc_tools') / '_proto'}",
            f"--python_out={GENERATED}",
            f"--plugin=protoc-gen-py={Path(sys.executable).with_name('protoc-gen-py')}",
            f"--py_out={GENERATED / 'py_gen'}",
            *(str(file.relative_to(protos)) for file in protos.rglob("*.proto")),
        ]
    )
    if status != 0:
        raise RuntimeError("protoc failed: its errors are above")
    emit_for_protobuf_py()
    sys.path.insert(1, str(GENERATED))


def emit_for_protobuf_py() -> None:
    """Write the runtime for protobuf-py, and its clients of the market, into `py_gen`."""
    here = Path(__file__).parent
    target = GENERATED / "py_gen/sse/runtime"
    target.mkdir()
    for module in (here / "sse/runtime").glob("*.py"):
        if not module.name.startswith("test_"):
            shutil.copy(module, target)
    shutil.copy(target / "py_messages.py", target / "messages.py")
    text = (here / "testing/market.py").read_text()
    text = text.replace(
        "from market.v1 import market_pb2", "from .market.v1 import market_pb as market_pb2"
    )
    (GENERATED / "py_gen/clients.py").write_text(text.replace("from sse.", "from .sse."))


generate()


from testing.run import KINDS, Runner  # noqa: E402 - it needs the messages


@pytest.fixture(params=KINDS)
def run(request: pytest.FixtureRequest) -> Runner:
    """Every combination of client, HTTP library and event loop."""
    return Runner(request.param)
