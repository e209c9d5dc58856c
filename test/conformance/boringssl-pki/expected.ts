// What BoringSSL says of its OCSP responses (pki/ocsp_unittest.cc), and where ours differs.

/** `no path`: the certificate is refused whatever its status is. */
export type Status = 'good' | 'revoked' | 'unknown' | 'no path'

export const ocspStatuses: Readonly<Record<string, Status>> = {
  good_response: 'good',
  good_response_sha256: 'good',
  good_response_invalid_serial: 'good',
  good_response_next_update: 'good',
  ocsp_sign_direct: 'good',
  ocsp_sign_indirect: 'good',
  ocsp_extra_certs: 'good',
  has_version: 'good',
  responder_name: 'good',
  responder_id: 'good',
  has_extension: 'good',
  has_single_extension: 'good',
  has_critical_ct_extension: 'good',
  revoke_response: 'revoked',
  revoke_response_reason: 'revoked',
  multiple_response_good_revoked: 'revoked',
  no_response: 'unknown',
  malformed_request: 'unknown',
  bad_status: 'unknown',
  bad_ocsp_type: 'unknown',
  bad_signature: 'unknown',
  ocsp_sign_indirect_missing: 'unknown',
  ocsp_sign_bad_indirect: 'unknown',
  unknown_response: 'unknown',
  multiple_response: 'unknown',
  other_response: 'unknown',
  has_critical_single_extension: 'unknown',
  has_critical_response_extension: 'unknown',
  missing_response: 'unknown',
  stale_response: 'unknown',
  future_response: 'unknown',
  old_response: 'unknown',
  produced_early_response: 'unknown',
  produced_late_response: 'unknown',
  invalid_response: 'unknown',
  invalid_response_data: 'unknown',
}

const authentic = 'an authentic CRL that lists the certificate refuses it, whatever else is odd about it'
const rollover =
  "BoringSSL's two CA certificates do not say that they are CAs, so neither can certify the other's key here"

/** File -> what ours says, and why. */
export const crlDifferences: Readonly<Record<string, readonly [Status, string]>> = {
  bad_crldp_has_crlissuer: ['good', 'cRLIssuer is built (RFC 5280 section 4.2.1.13), and names who signed the CRL'],
  bad_idp_indirectcrl: ['good', 'indirect CRLs are built (RFC 5280 section 5.2.5)'],
  bad_fake_critical_crlentryextension: ['revoked', authentic],
  invalid_garbage_after_crlentryextensions: ['revoked', authentic],
  invalid_garbage_after_extensions: ['revoked', authentic],
  invalid_garbage_after_revocationdate: ['revoked', authentic],
  invalid_garbage_after_revokedcerts: ['revoked', authentic],
  invalid_garbage_crlentry: ['revoked', authentic],
  invalid_garbage_revocationdate: ['revoked', authentic],
  invalid_garbage_revoked_serial_number: ['revoked', authentic],
  invalid_v1_with_crlentryextension: ['revoked', authentic],
  invalid_revoked_empty_sequence: ['good', 'harmless, and written by certtool and Go'],
  invalid_v1_explicit: ['good', 'harmless: version 1 written out'],
  invalid_idp_onlycontainsusercerts_v1_leaf: ['good', 'the end of a path is a user certificate, of version 1 as well'],
  invalid_issuer_keyusage_no_crlsign: [
    'good',
    'a bare anchor has no key usage; test/x509/crl-signers.test.ts has the rule',
  ],
  good_key_rollover: ['unknown', rollover],
  revoked_key_rollover: ['unknown', rollover],
}

export const ocspDifferences: Readonly<Record<string, readonly [Status, string]>> = {
  good_response_invalid_serial: ['no path', 'the serial number of its certificate is no DER (X.690 section 8.3.2)'],
}
