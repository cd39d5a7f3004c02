"""One SQLAlchemy database: engine, tables, migrations, encryption, and Rasa's two stores."""
