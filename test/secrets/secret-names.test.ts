import { describe, expect, it } from 'vitest'
import { tellsSecret } from '../../receiver/secrets/secret-names.ts'

describe('a name tells of a secret', () => {
  it.each(
    [
      'Authorization, Proxy-Authorization, Cookie, Set-Cookie, X-Api-Key, x-api-key, apikey, apiKey, api_keys',
      'access_key, AWS_ACCESS_KEY_ID, aws_secret_access_key, signing_key, signingKey, private_key, client_secret',
      'encryption_key, Ocp-Apim-Subscription-Key, x-functions-key, routing_key, license_key, writeKey, shared_key',
      'access_token, X-Gitlab-Token, token, tokens, idToken, x-ms-token-aad-access-token, password, passwd, db_password',
      'pwd, passphrase, credentials, X-Amz-Credential, X-Wandb-Signature, X-Hub-Signature-256, sig, x-shopify-hmac-sha256',
      'Cf-Access-Jwt-Assertion, session, sessionId, PHPSESSID, JSESSIONID, auth, X-Auth, sas, otp, bearer',
      'ADMIN_TOKENS, WANDB_WEBHOOK_SECRET, SECRETS_KEY, GITHUB_APP_PRIVATE_KEY_FILE, connectionString',
    ].flatMap((line) => line.split(', ')),
  )('%s', (name) => {
    expect(tellsSecret(name)).toBe(true)
  })
})

describe('a name tells of no secret', () => {
  it.each(
    [
      'event_author, author, User-Agent, key, keys, tag_key, dedupe_key, subject_key, idempotency_key, primary_key',
      'public_key, artifact_version, alias, tag, model_name, tokenizer, tokenization, max_tokens, num_tokens',
      'prompt_tokens, token_count, signal, design, assigned, monkey, hockey, turkey, description, path, passed',
    ].flatMap((line) => line.split(', ')),
  )('%s', (name) => {
    expect(tellsSecret(name)).toBe(false)
  })
})
