"""The calls of Databricks' documentation of registry webhooks, made with its Python client as it is."""
import json
import sys

from databricks_registry_webhooks import HttpUrlSpec, JobSpec, RegistryWebhooksClient

endpoint, workspace = sys.argv[1:]
client = RegistryWebhooksClient()


def shown(webhook):
    http = webhook.http_url_spec
    job = webhook.job_spec
    return {
        "id": webhook.id,
        "events": webhook.events,
        "status": webhook.status,
        "description": webhook.description,
        "model_name": webhook.model_name,
        "created": webhook.creation_timestamp,
        "updated": webhook.last_updated_timestamp,
        "http": http and {"url": http.url, "secret": http.secret, "authorization": http.authorization,
                          "verified": http.enable_ssl_verification},
        "job": job and {"job_id": job.job_id, "workspace_url": job.workspace_url, "access_token": job.access_token},
    }


steps = {}
http_webhook = client.create_webhook(
    model_name="<model-name>",
    events=["MODEL_VERSION_CREATED"],
    http_url_spec=HttpUrlSpec(
        url=endpoint,
        secret="secret_string",
        authorization="Bearer AbcdEfg1294",
        enable_ssl_verification=False,
    ),
    description="Slack notifications",
    status="TEST_MODE",
)
steps["created"] = shown(http_webhook)
tested = client.test_webhook(id=http_webhook.id)
steps["tested"] = {"status_code": tested.status_code, "body": tested.body}
steps["updated"] = shown(client.update_webhook(id=http_webhook.id, status="ACTIVE"))
job_webhook = client.create_webhook(
    model_name="<model-name>",
    events=["TRANSITION_REQUEST_CREATED"],
    job_spec=JobSpec(job_id="1", workspace_url=workspace, access_token="dapi12345..."),
    description="Job webhook trigger",
    status="TEST_MODE",
)
steps["job"] = shown(job_webhook)
steps["listed"] = [shown(one) for one in client.list_webhooks(model_name="<model-name>")]
steps["listed_by_event"] = [one.id for one in client.list_webhooks(events=["TRANSITION_REQUEST_CREATED"])]
client.delete_webhook(id=http_webhook.id)
steps["left"] = [one.id for one in client.list_webhooks()]
try:
    client.test_webhook(id=http_webhook.id)
except Exception as error:  # the client's own exception has no public name
    steps["missing"] = str(error)
print(json.dumps(steps))
