// puretls/inspect/certificate: a certificate for people, as text or as a tree of fields with a name for each byte.

export { certificateText } from './print-certificate.ts'
export { certificateFields } from './der-fields.ts'
export { fieldJson, findField, leavesOf } from './fields.ts'
export type { Field, FieldJson } from './fields.ts'
