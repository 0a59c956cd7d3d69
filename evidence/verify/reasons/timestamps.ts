import { doubt, failure } from './row.ts'

/** Time-stamps, and what a signature is without a good one. */
export const TIMESTAMPS = {
  TIMESTAMP_MISSING: doubt(
    'SIG_CONSTRAINTS_FAILURE',
    'Delilde zaman damgası yok, çıkarılmış olabilir; damgalı özgününü isteyin.',
    'The evidence carries no time-stamp; it may have been cut off: ask for the stamped original.',
  ),
  TIMESTAMP_NOT_PROVED: doubt(
    'SIG_CONSTRAINTS_FAILURE',
    'İmzanın zaman damgası geçmedi, tarihi kanıtlı değil; damganın kendi sonucuna bakın.',
    'The time-stamp of the signature does not pass, so its time is not proved; see the result of the time-stamp.',
  ),
  TOKEN_MALFORMED: failure(
    'FORMAT_FAILURE',
    'Zaman damgası okunamıyor; dosya bozulmuş, özgününü isteyin.',
    'The time-stamp cannot be read; the file is damaged: ask for the original.',
  ),
  TOKEN_IMPRINT_MISMATCH: failure(
    'HASH_FAILURE',
    'Zaman damgası başka bir imzaya ait; özgün dosyayı isteyin.',
    'The time-stamp is about another signature; ask for the original file.',
  ),
  TOKEN_BAD_SIGNATURE: failure(
    'SIG_CRYPTO_FAILURE',
    'Zaman damgasının kendi imzası doğrulanmıyor; özgün dosyayı isteyin.',
    'The signature of the time-stamp itself does not hold; ask for the original file.',
  ),
  TOKEN_NOT_A_TSA: doubt(
    'CHAIN_CONSTRAINTS_FAILURE',
    'Damgayı vuranın sertifikası zaman damgası için verilmemiş; damga bir tarih kanıtlamaz.',
    'Who stamped has no certificate for time-stamps; the stamp proves no time.',
  ),
} as const
