// puretls/x509/ct: certificate transparency (RFC 6962) as a check for a verifier. What is exported here is public.

export { ctLogsFromJson, defaultSctPolicy, sctCheck } from './sct-check.ts'
export type { CtLog, SctCheckOptions, SctSource, ValidSct } from './sct-check.ts'
export { parseSct, splitSctList } from './sct.ts'
export type { Sct } from './sct.ts'
