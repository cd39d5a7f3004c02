.DEFAULT_GOAL := help
SHELL := /bin/sh
BIN := .venv/bin

# Without compiled files every import of Rasa takes three times as long.
unexport PYTHONDONTWRITEBYTECODE
export RASA_TELEMETRY_ENABLED := false
export TF_CPP_MIN_LOG_LEVEL := 3

.PHONY: help run train shell test lint format bench scale doctor lock clean setup setup-dev

help: ## 列出全部命令 / list the commands
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1|\2/p' Makefile | awk -F'|' '{ printf "%-14s %s\n", $$1, $$2 }'

run: setup ## 训练（需要时）并启动全部进程 / train if needed and start everything
	@exec $(BIN)/kefu run

train: setup ## 检查知识库并训练模型 / check the knowledge base and train
	@exec $(BIN)/kefu train

shell: setup ## 在终端里和助手对话 / talk to the assistant in the terminal
	@exec $(BIN)/kefu shell

test: setup-dev ## 运行全部测试 / run all tests
	@exec $(BIN)/pytest -q --durations=10 tests

lint: setup-dev ## 检查格式、风格和类型 / check format, style and types
	@echo "==> ruff format" && $(BIN)/ruff format --check -q kefu actions tests
	@echo "==> ruff check" && $(BIN)/ruff check -q kefu actions tests
	@echo "==> mypy" && $(BIN)/mypy kefu actions

format: setup-dev ## 整理代码格式 / format the code
	@$(BIN)/ruff check -q --fix kefu actions tests; $(BIN)/ruff format -q kefu actions tests

bench: setup ## 测量回复时间和识别；TRAIN= TEST= REJECT= 指定自己的数据 / measure reply times and recognition
	@$(BIN)/kefu bench
	@$(BIN)/kefu bench-desk
	@$(BIN)/kefu evaluate tests/knowledge
	@if [ -n "$(TRAIN)" ]; then $(BIN)/kefu benchmark --train "$(TRAIN)" --test "$(or $(TEST),$(TRAIN))" \
		$(if $(REJECT),--reject "$(REJECT)") --per-label $(or $(PER_LABEL),10) --seed 1 --seed 2; fi

scale: setup ## 测量条目多的时候 / measure large knowledge bases
	@$(BIN)/kefu benchmark --scale 100,500,1000,2000,5000

doctor: setup ## 检查安装和运行状况 / check the installation
	@exec $(BIN)/kefu doctor

lock: ## 重新解析依赖并写锁文件 / resolve the dependencies anew
	@sh scripts/setup.sh lock --upgrade

clean: ## 删除缓存和 .venv，不动 var/ 和 models/ / remove caches and .venv, never data or models
	@rm -rf .venv .rasa .pytest_cache .mypy_cache .ruff_cache .hypothesis results
	@find kefu actions tests -name __pycache__ -prune -exec rm -rf {} +
	@echo "已删除缓存和 .venv；var/（数据、密钥）和 models/（模型）没有动。"

setup:
	@sh scripts/setup.sh run

setup-dev:
	@sh scripts/setup.sh dev
