import type { Rule } from './rule.ts'

/** The KEP directory (KEP rehberi). */
export const DIRECTORY_RULES: Readonly<Record<string, Rule>> = {
  '6.5': {
    tr: 'Rehber bütün KEPHS hesaplarında arar; gerçek ve tüzel kişi ayrı',
    en: 'The directory searches accounts of all providers, persons and institutions apart',
    source: 'KEP rehberi tebliği; field guides',
    files: ['server/listings/search.ts', 'mail/listing-criteria.ts'],
    tests: ['test/journeys/rows/directory.test.ts'],
  },
  '6.6': {
    tr: 'Gerçek kişi: adres, kimlik no, ad soyad, unvan; çok sonuçta kriter artırılır',
    en: 'A person by address, number, name or title; too many hits ask for more criteria',
    source: 'KEP rehberi tebliği; field guides',
    files: ['server/listings/search.ts', 'mail/listing-criteria.ts'],
    tests: ['test/journeys/rows/directory.test.ts'],
  },
  '6.7': {
    tr: 'Tüzel kişi: adres, MERSİS/sicil no, ad, faaliyet',
    en: 'An institution by address, register number, name or activity',
    source: 'KEP rehberi tebliği; field guides',
    files: ['server/listings/search.ts', 'mail/listing-criteria.ts'],
    tests: ['test/journeys/rows/directory.test.ts'],
  },
  '6.9': {
    tr: 'Yalnız hesap sahipleri sorgular; sorgular kayıtlı ve sınırlıdır',
    en: 'Only account holders ask; queries are recorded and limited',
    source: 'KEP rehberi tebliği; field guides',
    files: ['server/ops/operations/directory-search.ts', 'server/listings/listings.ts'],
    tests: ['test/journeys/rows/directory.test.ts'],
  },
  '6.10': {
    tr: 'Tüzel kişi ve kamu zorunlu, gerçek kişi yalnız onayıyla yer alır',
    en: 'Institutions are listed always, persons by consent alone',
    source: 'KEP rehberi tebliği; field guides',
    files: ['mail/listing.ts'],
    tests: ['test/journeys/rows/directory.test.ts'],
  },
  '6.11': {
    tr: 'Gerçek kişinin zorunlu ve isteğe bağlı alanları',
    en: 'Mandatory and optional fields of persons',
    source: 'KEP rehberi tebliği; field guides',
    files: ['mail/listing.ts'],
    tests: ['test/journeys/rows/directory.test.ts'],
  },
  '6.12': {
    tr: 'Tüzel kişinin zorunlu ve isteğe bağlı alanları',
    en: 'Mandatory and optional fields of institutions',
    source: 'KEP rehberi tebliği; field guides',
    files: ['mail/listing.ts'],
    tests: ['test/journeys/rows/directory.test.ts'],
  },
  '6.13': {
    tr: 'Gerçek kişinin alan alan onayı',
    en: 'A person’s consent, field by field',
    source: 'KEP rehberi tebliği; field guides',
    files: ['mail/listing.ts'],
    tests: ['test/journeys/rows/directory.test.ts'],
  },
  '6.14': {
    tr: 'Tüzel kişi, yetkilisinin adını isterse gösterir',
    en: 'An institution shows who acts for it where it chooses to',
    source: 'KEP rehberi tebliği; field guides',
    files: ['mail/listing.ts'],
    tests: ['test/journeys/rows/directory.test.ts'],
  },
  '6.15': {
    tr: 'Hesap rehberde olmadan da vardır',
    en: 'An account may exist and not be listed',
    source: 'KEP rehberi tebliği; field guides',
    files: ['mail/listing.ts'],
    tests: ['test/journeys/rows/directory.test.ts'],
  },
}
