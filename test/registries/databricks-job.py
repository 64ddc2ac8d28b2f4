"""Starts runs by Databricks' own client: HOST TOKEN, and the bodies of run-now as a JSON list on stdin."""

import json
import sys

from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import DatabricksError

client = WorkspaceClient(host=sys.argv[1], token=sys.argv[2], auth_type="pat")
results = []
for body in json.load(sys.stdin):
    try:
        run_id = client.jobs.run_now(**body).response.run_id
        results.append({"run_id": run_id, "job_id": client.jobs.get_run(run_id).job_id})
    except DatabricksError as error:
        results.append({"error": type(error).__name__})
print(json.dumps(results))
