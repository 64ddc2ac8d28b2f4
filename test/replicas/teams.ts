/** Several GitHub identities, so that several dispatches are under way at once. */
export interface Teams {
  config: string
  /** The tokens, as the configuration names them. */
  env: Record<string, string>
  /** Logins by token, for the stand-in. */
  users: Record<string, string>
}

/** A connection and an automation for each of `count` teams; `model-N` belongs to team N modulo `count`. */
export function teamsOf(count: number, models: number, writes_per_second = 0): Teams {
  const teams = Array.from({ length: count }, (_, team) => team)
  const modelsOf = (team: number) =>
    Array.from({ length: models }, (_, n) => n)
      .filter((n) => n % count === team)
      .map((n) => `model-${n}`)
  const tokenOf = (team: number) => `ghp_tokenOfTeam${String(team).padStart(8, '0')}`
  const connections = teams.map(
    (team) =>
      `  team-${team}: { token: '\${env:TOKEN_${team}}', repositories: ['acme/*'], writes_per_second: ${writes_per_second} }`,
  )
  const automations = teams.map(
    (team) => `  - name: deploy-${team}
    events: [ADD_ARTIFACT_ALIAS]
    filter: { alias: production, model: [${modelsOf(team).join(', ')}] }
    destinations:
      - { type: repository_dispatch, connection: team-${team}, repository: acme/serving-${team} }`,
  )
  return {
    config: `version: 1
sources:
  wandb: { type: wandb, secrets: ['\${env:WANDB_WEBHOOK_SECRET}'] }
github:
${connections.join('\n')}
automations:
${automations.join('\n')}
`,
    env: Object.fromEntries(teams.map((team) => [`TOKEN_${team}`, tokenOf(team)])),
    users: Object.fromEntries(teams.map((team) => [tokenOf(team), `team-${team}`])),
  }
}
