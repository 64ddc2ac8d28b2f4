"""Every call of registry webhooks, made with Databricks' SDK as it is."""
import json
import sys

from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import NotFound
from databricks.sdk.service.ml import HttpUrlSpec, RegistryWebhookEvent, RegistryWebhookStatus

host, token, endpoint = sys.argv[1:]
registry = WorkspaceClient(host=host, token=token).model_registry
spec = HttpUrlSpec(url=endpoint, secret="secret_string", enable_ssl_verification=False)
created = RegistryWebhookEvent.MODEL_VERSION_CREATED

webhooks = [
    registry.create_webhook([created], http_url_spec=spec, model_name=name, status=RegistryWebhookStatus.TEST_MODE).webhook
    for name in ("one", "two", "three")
]
first = webhooks[0]
steps = {
    "created": first.as_dict(),
    "tested": registry.test_registry_webhook(first.id, event=created).as_dict(),
    "updated": registry.update_webhook(first.id, status=RegistryWebhookStatus.ACTIVE).webhook.as_dict(),
    "paged": [webhook.model_name for webhook in registry.list_webhooks(max_results=2)],
    "filtered": [webhook.id for webhook in registry.list_webhooks(model_name="two", events=[created])],
}
for webhook in webhooks:
    registry.delete_webhook(id=webhook.id)
steps["left"] = len(list(registry.list_webhooks()))
try:
    registry.delete_webhook(id=first.id)
except NotFound as error:
    steps["missing"] = error.error_code
print(json.dumps(steps))
