const NO_BYTES: DataView = new DataView(new ArrayBuffer(0))

/**
 * Where a body stands. One class for the bodies of all schemas, so that every place of use sees one hidden class, however many schemas a program has.
 *
 * Invariant: `base` to `end` lies inside of `view`, and the block of `version` fits between them. Accessors of fixed fields rely on it and check nothing.
 *
 * Loads and stores take an offset from `base`. They are so short, and add in this order, that the engine compiles them into every place of use, however much that holds
 * already. One byte code more and a loop over many fields calls them, and allocates a number for each.
 */
export class Place {
  view: DataView = NO_BYTES
  base = 0
  end = 0
  version = 0
  /** Length of the view, which the engine computes again each time it is asked. */
  #viewLength = 0

  /** Whether a range lies inside of the view where this stands. `false` for every other view, and from 2^32 on. Small, because every message asks. */
  isWithin(view: DataView, offset: number, length: number): boolean {
    const isUint32 = offset >>> 0 === offset && length >>> 0 === length
    return isUint32 && view === this.view && offset + length <= this.#viewLength
  }

  /** {@link move} inside of the same view, where the range lies in it; returns whether it does. */
  moveWithin(view: DataView, offset: number, length: number, version: number): boolean {
    if (!this.isWithin(view, offset, length)) return false
    this.base = offset
    this.end = offset + length
    this.version = version
    return true
  }

  /** The caller has checked the invariant. Most messages of a queue share one view: storing it again would cost more than the comparison. */
  move(view: DataView, base: number, end: number, version: number): void {
    if (view !== this.view) {
      this.view = view
      this.#viewLength = view.byteLength
    }
    this.base = base
    this.end = end
    this.version = version
  }

  /** Leaves the bytes: each load and store throws `RangeError` until the next {@link move}. */
  leave(): void {
    this.move(NO_BYTES, 0, 0, this.version)
  }

  getUint8(at: number): number {
    return this.view.getUint8(at + this.base)
  }

  getInt8(at: number): number {
    return this.view.getInt8(at + this.base)
  }

  getUint16(at: number, little: boolean): number {
    return this.view.getUint16(at + this.base, little)
  }

  getInt16(at: number, little: boolean): number {
    return this.view.getInt16(at + this.base, little)
  }

  getUint32(at: number, little: boolean): number {
    return this.view.getUint32(at + this.base, little)
  }

  getInt32(at: number, little: boolean): number {
    return this.view.getInt32(at + this.base, little)
  }

  getBigUint64(at: number, little: boolean): bigint {
    return this.view.getBigUint64(at + this.base, little)
  }

  getBigInt64(at: number, little: boolean): bigint {
    return this.view.getBigInt64(at + this.base, little)
  }

  getFloat32(at: number, little: boolean): number {
    return this.view.getFloat32(at + this.base, little)
  }

  getFloat64(at: number, little: boolean): number {
    return this.view.getFloat64(at + this.base, little)
  }

  setUint8(at: number, value: number): void {
    this.view.setUint8(at + this.base, value)
  }

  setInt8(at: number, value: number): void {
    this.view.setInt8(at + this.base, value)
  }

  setUint16(at: number, value: number, little: boolean): void {
    this.view.setUint16(at + this.base, value, little)
  }

  setInt16(at: number, value: number, little: boolean): void {
    this.view.setInt16(at + this.base, value, little)
  }

  setUint32(at: number, value: number, little: boolean): void {
    this.view.setUint32(at + this.base, value, little)
  }

  setInt32(at: number, value: number, little: boolean): void {
    this.view.setInt32(at + this.base, value, little)
  }

  setBigUint64(at: number, value: bigint, little: boolean): void {
    this.view.setBigUint64(at + this.base, value, little)
  }

  setBigInt64(at: number, value: bigint, little: boolean): void {
    this.view.setBigInt64(at + this.base, value, little)
  }

  setFloat32(at: number, value: number, little: boolean): void {
    this.view.setFloat32(at + this.base, value, little)
  }

  setFloat64(at: number, value: number, little: boolean): void {
    this.view.setFloat64(at + this.base, value, little)
  }
}
