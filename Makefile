# make demo    the main job on a simulated provider: no key, no network after the set-up
# make test    all tests, on real parts (sets up what they need)
# make test-vscode  only those in the real VS Code
# make check   format, lint, types, import rules, generated files
# make bench   speed and memory, printed as ratios of one run
# make fuzz    the long fuzz and crash runs
# make soak    eight hours of typing as fast as it goes: does anything leak?
# make lock    compile the lock files anew
# make docs    write the generated documents
# make pictures  take those of the VS Code extension anew

VENV := .venv
BIN := $(VENV)/bin
DEV := requirements/dev.txt
RUNTIME := requirements/runtime.txt
PYTEST := $(BIN)/python -m pytest
PICTURES := key suggest explain numbers

.PHONY: demo test test-vscode check bench fuzz soak lock docs pictures venv format clean

demo:
	@tools/venv.sh .venv-demo $(RUNTIME)
	@.venv-demo/bin/cachewise demo

venv:
	@tools/venv.sh $(VENV) $(DEV)

# The tests in VS Code share one window, so they run one after the other; also where others have failed. Not beside the
# others, which made both slower on two processors.
test: venv
	@tools/system.sh
	@tools/parts.sh
	$(PYTEST) -n auto --dist worksteal -m "not vscode"; others=$$?; $(PYTEST) -m vscode tests/clients && exit $$others

test-vscode: venv
	@tools/system.sh
	@tools/vscode.sh
	$(PYTEST) -m vscode tests/clients

check: venv
	@tools/system.sh
	$(BIN)/ruff format --check server tests bench tools
	$(BIN)/ruff check server tests bench tools
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python -m cachewise.settings.docs --check
	tools/lua.sh check
	tools/extension.sh

format: venv
	$(BIN)/ruff format server tests bench tools
	$(BIN)/ruff check --fix server tests bench tools
	tools/lua.sh format

bench: venv
	@tools/system.sh
	@tools/neovim.sh
	@tools/vscode.sh
	$(BIN)/python bench/run.py

fuzz: venv
	@tools/system.sh
	CACHEWISE_FUZZ=20000 CACHEWISE_KILLS=200 CACHEWISE_TRIGGERS=10000 CACHEWISE_EXAMPLES=20 $(PYTEST) --timeout 1800 tests/fuzz tests/faults \
		tests/unit/test_context_invariants.py tests/unit/test_context_journal.py tests/unit/test_context_changes.py

soak: venv
	$(BIN)/python bench/soak.py

docs: venv
	$(BIN)/python -m cachewise.settings.docs --write
	$(BIN)/python tools/readme.py

pictures: venv
	@tools/system.sh
	@tools/vscode.sh
	$(PYTEST) tests/clients/test_vscode_first.py
	cp $(PICTURES:%=.cache/vscode-pictures/%.png) vscode-client/media/walkthrough/

lock: venv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --extra build pyproject.toml -o $(RUNTIME)
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --extra dev pyproject.toml -o $(DEV)

clean:
	rm -rf $(VENV) .venv-demo .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
