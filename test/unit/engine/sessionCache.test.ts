import { expect, it } from 'vitest';
import { ByteLimitedCache } from '../../../core/engine/onnx/sessionCache.ts';

function cacheOf(limit: number) {
  const cache = new ByteLimitedCache<{ bytes: number; release(): Promise<void> }>(limit);
  const released: string[] = [];
  const add = async (key: string, bytes: number): Promise<void> => {
    await cache.makeRoom(bytes);
    cache.set(key, {
      bytes,
      release: async () => {
        released.push(key);
      },
    });
  };
  return { cache, released, add };
}

it('releases the least recently used entries until the new one fits', async () => {
  const { cache, released, add } = cacheOf(100);
  await add('a', 40);
  await add('b', 40);
  expect(cache.get('a')?.bytes).toBe(40);
  await add('c', 50);
  expect(released).toEqual(['b']);
  expect(cache.bytes).toBe(90);
  expect(cache.get('b')).toBeUndefined();
});

it('keeps an entry that alone exceeds the bound', async () => {
  const { cache, released, add } = cacheOf(100);
  await add('a', 40);
  await add('large', 500);
  expect(released).toEqual(['a']);
  expect(cache.size).toBe(1);
});

it('releases everything when cleared', async () => {
  const { cache, released, add } = cacheOf(100);
  await add('a', 1);
  await add('b', 1);
  await cache.clear();
  expect(released).toEqual(['a', 'b']);
  expect(cache.size).toBe(0);
});
