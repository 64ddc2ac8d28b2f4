/** Where the configuration is unless MODEL_DISPATCH_CONFIG says otherwise. */
export const USUAL_CONFIG_PATH = './model-dispatch.yaml'

/** Returns where the configuration of this environment is. */
export function configPathOf(env: Readonly<Record<string, string | undefined>>): string {
  const given = env['MODEL_DISPATCH_CONFIG']?.trim() ?? ''
  return given === '' ? USUAL_CONFIG_PATH : given
}
