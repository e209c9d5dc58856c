// `puretls cert`: certificates, from the CA to the trust store.

import type { CommandGroup } from '../command.ts'
import { certCa, certClient, certCsr, certLeaf, certSelfSigned, certSign } from './cert-issue.ts'
import { certConvert, certCrl, certRevoke, certShow, certVerify } from './cert-look.ts'
import { certTrust, certUntrust } from './cert-trust.ts'

export const cert: CommandGroup = {
  name: 'cert',
  summary: 'makes, shows, verifies, converts and revokes certificates; a CA of your own',
  text: [
    'The local CA is kept where PURETLS_HOME says, or in `puretls` of the configuration folder. Private ' +
      'keys are readable by their owner only, and no file is replaced without --force.',
  ],
  commands: [
    certCa,
    certLeaf,
    certClient,
    certCsr,
    certSign,
    certSelfSigned,
    certShow,
    certVerify,
    certConvert,
    certRevoke,
    certCrl,
    certTrust,
    certUntrust,
  ],
}
