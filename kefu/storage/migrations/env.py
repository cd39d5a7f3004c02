"""Run by Alembic; `kefu.storage.migrate` hands over the connection."""

from alembic import context

from kefu.storage.tables import metadata

# SQLite cannot alter most things in place: batch mode copies the table instead.
context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
