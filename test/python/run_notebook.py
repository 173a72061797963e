"""Executes the cells of a notebook in a kernel, and prints the outputs as JSON, one a line."""

import json
import sys
from pathlib import Path

from jupyter_client.manager import start_new_kernel

manager, client = start_new_kernel()
try:
    for cell in json.loads(Path(sys.argv[1]).read_text())["cells"]:
        if cell["cell_type"] == "code":
            reply = client.execute_interactive(
                "".join(cell["source"]),
                output_hook=lambda message: print(json.dumps(message["content"], default=str)),
            )
            if reply["content"]["status"] != "ok":
                sys.exit("\n".join(reply["content"]["traceback"]))
finally:
    client.stop_channels()
    manager.shutdown_kernel(now=True)
