import type { KeyError, KeyFailure } from '../../evidence/index.ts'
import type { Text } from './command.ts'
import type { Screen } from './screen.ts'

/** Why a key of a person cannot be used, in words of theirs. */
export function keyRefusal(error: KeyError, screen: Screen): { code: string; message: string } {
  const told = TOLD[error.code]
  const detail = error.message.slice(error.code.length + 2)
  const message = told === undefined ? error.message : `${screen.text(told)} (${detail})`
  return { code: error.code, message }
}

const TOLD: Readonly<Partial<Record<KeyFailure, Text>>> = {
  WRONG_PASSWORD: { tr: 'anahtarın parolası yanlış', en: 'the password of the key is wrong' },
  MALFORMED: { tr: 'anahtar dosyası okunamıyor', en: 'the key file cannot be read' },
  UNSUPPORTED: { tr: 'anahtarın biçimi desteklenmiyor', en: 'keys of this form are not supported' },
  NO_KEY: { tr: 'anahtar bulunamadı', en: 'there is no such key' },
  NO_CERTIFICATE: { tr: 'anahtarın sertifikası bulunamadı', en: 'the certificate of the key is not there' },
  KEY_MISMATCH: { tr: 'anahtar sertifikaya ait değil', en: 'the key is not that of the certificate' },
  WEAK_KEY: { tr: 'anahtar zayıf', en: 'the key is weak' },
  NO_MODULE: { tr: 'PKCS#11 modülü yüklenemedi', en: 'the PKCS#11 module cannot be loaded' },
  NO_TOKEN: { tr: 'kart veya HSM bulunamadı', en: 'the token is not there' },
  PIN_REFUSED: {
    tr: 'PIN kabul edilmedi; yeniden denemeden önce denetleyin, art arda hatalar kartı kilitler',
    en: 'the PIN was refused; check it before you try again, a token locks itself after a few',
  },
  PIN_LOCKED: { tr: 'PIN kilitli veya tek deneme kaldı', en: 'the PIN is locked, or at its last try' },
  PIN_RESTS: {
    tr: 'kart veya HSM PIN hakkında bir şey söylemedi; yeniden denemeden önce denetleyin',
    en: 'the token said nothing of the PIN; check it before you try again',
  },
  TOKEN_GONE: { tr: 'kart veya HSM yanıt vermiyor', en: 'the token does not answer' },
}
