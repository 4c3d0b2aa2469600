"""The exact search as one small C program, run as WebAssembly wherever Python or a browser runs.

``source/`` holds the program, ``build`` makes ``kernel.wasm`` of it. ``host`` runs that file by
``wasmtime``, or by the browser under Pyodide; ``engine`` gives it knapsacks and reads its answers.
"""
