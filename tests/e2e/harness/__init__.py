"""What the end-to-end tests are made of: processes, the package, the database, the stand-ins. No test is in here."""
