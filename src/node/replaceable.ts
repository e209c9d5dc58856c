// Functions of the module that programs replace on the module's object, and expect connect() to call.

export const replaceable: { checkServerIdentity: unknown; createSecureContext: unknown } = {
  checkServerIdentity: undefined,
  createSecureContext: undefined,
}
