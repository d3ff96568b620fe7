import { createHash } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { oracleBytes } from './oracle-files.js'

/** SHA-256 of each file, as its authors published it. The tests beside this one say what the bytes mean; this one says that they are the bytes. */
const DIGESTS = {
  'msgpack/msgpack-test-suite.json': '8ea4d7aea19f7cf447ffe1031a4818bf5fd8b99dc28baf2b4a33fe9d8e5a5874',
  'sbe/car_example_baseline_data.sbe': '0e1649c2f5a2719b2d10c2a9dc6e1aa962d8523fb8c4531052dbdad65528bfe2',
  'sbe/car_example_extension_data.sbe': '9ef9d2b063e3bdb80e27751d8e211609bf2eae7beea7d211e84fec2a69341dc3',
  'sbe/common-types.xml': '6f34b3ad848b99224824b08b81f2d7fdb5aaeefcbac5b93015bf689ce59f329f',
  'sbe/example-extension-schema.xml': '642fb13c8fdb5b22c90aa2a5ce9b2e687a5af38a9bd02254115f9a8a4e1009e8',
  'sbe/example-schema.xml': 'ebb4959faea556560b78f58f17c8fc904a603b7a27e0ad3548ca472f1c73571f',
  'sbe/issue435.xml': '733f5aea6704a373e412b20348913830e70d7cd880eaa84d94c29e62b024645e',
  'sbe/issue472.xml': 'e0c1e7c53b0bea273739d747212ff8f5278a8f33f500eb6339dbcc7c8e0a9c39',
  'sbe/issue483.xml': '76ccf3798780fbaa1cba999bf14d82b095a98c0145506956c97b0bba327e9304',
  'sbe/issue488.xml': '05eff84588f883998785414f5a9b04193540311894d5ee8062c0a323b8614bc6',
  'sbe/issue505.xml': '53145262fd1d9a913c4e3611cd202c969eb182619feb5d55abcd0fbe0cb0cbbd',
  'sbe/issue560.xml': 'e7cb51b24f2df94d84a182d58f73950101d01673a97ee426617a242feb0942c0',
  'sbe/issue827.xml': '8554b65208afab2114c7a6c9056d81755fe442d433b7e5b7d4bab9ba8e8552b1',
  'sbe/issue847.xml': 'e632be330477c57d4f1c0b6754108bcfe58ee9079b1267b8e413c5fcf00133af',
  'sbe/issue895.xml': '7e3dc582c8f07f58c513f8f2b6fd7a835c841e6c1d4860243060bc3cd2adce43',
  'sbe/issue984.xml': 'acc898c33f6a7e7db436d045409be75509f50e5e0024bd7462b63adde98ca3f6',
  'sbe/issue987.xml': '206f25445e42d96e41f4da3d1719ab25dbdfa066b27307d3399e031068ee3c6d',
}

it('the files of others are all there, none is added, and no byte of them has changed', () => {
  const folder = fileURLToPath(new URL('.', import.meta.url))
  const names = ['msgpack', 'sbe'].flatMap((part) => readdirSync(`${folder}/${part}`).map((name) => `${part}/${name}`))
  const digest = (name: string) => createHash('sha256').update(oracleBytes(name)).digest('hex')
  expect(Object.fromEntries(names.map((name) => [name, digest(name)]))).toEqual(DIGESTS)
})
