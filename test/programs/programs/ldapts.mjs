// LDAP of OpenLDAP, by StartTLS.
import assert from 'node:assert/strict'
import { Client } from 'ldapts'
import { ca, done, ports } from '../common.mjs'

const url = `ldap://localhost:${ports.ldap}`
const client = new Client({ url })
await client.startTLS({ ca, servername: 'localhost' })
const { searchEntries } = await client.search('', { scope: 'base', attributes: ['supportedExtension'] })
// The extension StartTLS itself.
assert.ok(searchEntries[0].supportedExtension.includes('1.3.6.1.4.1.1466.20037'))
await client.unbind()
const strict = new Client({ url })
await assert.rejects(strict.startTLS({ ca, servername: 'other.example' }), { code: 'ERR_TLS_CERT_ALTNAME_INVALID' })
done()
