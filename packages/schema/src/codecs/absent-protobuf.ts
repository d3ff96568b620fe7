/*
 * What stands for the types of `@bufbuild/protobuf` in programs that have not installed it: `#protobuf` in package.json names both, and the compiler takes the first that there is. Without
 * it the declarations of this package would not compile there.
 */

export type DescFile = never
export type DescMessage = never
export type MessageShape<_Desc> = never
export type MessageInitShape<_Desc> = never
