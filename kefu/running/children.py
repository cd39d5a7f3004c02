"""The environment in which Rasa, the action server and the demo shop are started."""

from __future__ import annotations

from kefu.environment import Environment, child_environment


def variables(environment: Environment) -> dict[str, str]:
    """Return all variables for a child process.

    Ports and folders are spelled out, so that a child finds the project from any directory.
    """
    return child_environment(
        KEFU_HOME=str(environment.home),
        KEFU_VAR=str(environment.var),
        KEFU_HOST=environment.host,
        KEFU_RASA_PORT=str(environment.rasa_port),
        KEFU_ACTIONS_PORT=str(environment.actions_port),
        KEFU_SHOP_PORT=str(environment.shop_port),
        KEFU_SHOP_URL=environment.shop_url,
        KEFU_WECHAT_PORT=str(environment.wechat_port),
        KEFU_WECHAT_DOUBLE_PORT=str(environment.wechat_double_port),
        KEFU_CONSOLE_PORT=str(environment.console_port),
        # At DEBUG Rasa logs what customers write.
        LOG_LEVEL="INFO" if environment.log_level == "DEBUG" else environment.log_level,
        RASA_TELEMETRY_ENABLED="false",
        TF_CPP_MIN_LOG_LEVEL="3",
        SQLALCHEMY_SILENCE_UBER_WARNING="1",
        PYTHONUNBUFFERED="1",
        PYTHONWARNINGS="ignore",
        # Without compiled files every import of Rasa takes three times as long.
        PYTHONDONTWRITEBYTECODE="",
    )
