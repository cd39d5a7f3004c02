"""Rasa's server in pieces: what `rasa run` does, up to the listening socket."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import rasa.utils.io
import rasa.utils.tensorflow.environment
from rasa.core.channels.channel import UserMessage
from rasa.core.run import (
    close_resources,
    configure_app,
    create_http_input_channels,
    load_agent_on_start,
)
from rasa.core.utils import AvailableEndpoints
from rasa.utils.common import configure_logging_and_warnings, update_sanic_log_level
from rasa.utils.log_utils import configure_structlog
from sanic import Sanic

from kefu.channels.shared import calm_collector
from kefu.errors import KefuError
from kefu.running.instances import Job


class ModelUnusable(KefuError):
    """Raised when a model cannot be loaded."""


def configure() -> None:
    """Do what Rasa's command line does before any command."""
    configure_logging_and_warnings(warn_only_once=True, filter_repeated_logs=True)
    rasa.utils.tensorflow.environment.setup_tf_environment()
    sys.path.insert(1, str(Path.cwd()))
    rasa.utils.io.configure_colored_logging(None)
    configure_structlog()
    update_sanic_log_level()


async def loaded(job: Job) -> Sanic:
    """Return the application with the model loaded, and used once.

    Raises:
        ModelUnusable: The model cannot be loaded.
        RasaException: credentials.yml or endpoints.yml cannot be used.
    """
    endpoints = AvailableEndpoints.read_endpoints(job.endpoints)
    channels = create_http_input_channels(None, job.credentials)
    app: Sanic = configure_app(channels, enable_api=False, endpoints=endpoints)
    app.register_listener(close_resources, "after_server_stop")
    loop = asyncio.get_running_loop()
    agent = await load_agent_on_start(str(job.model), endpoints, None, app, loop)
    if agent.processor is None:
        raise ModelUnusable(f"{job.model.name} 不是可用的模型，或是旧版本训练的")
    # What is read at the first use would otherwise be read while customers wait.
    await agent.processor.parse_message(UserMessage("你好"))
    calm_collector()
    return app
