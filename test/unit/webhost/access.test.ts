import { describe, expect, it } from 'vitest';
import { Access } from '../../../core/webhost/access.ts';

describe('Access', () => {
  const access = new Access('machine\n/home');
  const [pair = ''] = access.setCookie.split(';');

  it('makes a token of 32 random bytes that is safe in a link', () => {
    expect(access.token).toMatch(/^[\w-]{43}$/);
    expect(new Access('machine\n/home').token).not.toBe(access.token);
  });

  it('takes the token and nothing like it', () => {
    expect(access.isToken(access.token)).toBe(true);
    for (const text of [
      '',
      access.token.slice(1),
      `${access.token}A`,
      access.token.toUpperCase(),
    ]) {
      expect(access.isToken(text)).toBe(false);
    }
  });

  it('gives out a cookie that scripts cannot read and other sites cannot send', () => {
    expect(access.setCookie).toMatch(
      /^palimpsest-[0-9a-f]{16}=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/,
    );
    expect(access.setCookie).not.toContain(access.token);
  });

  it('finds the cookie among others', () => {
    expect(access.isSignedIn(pair)).toBe(true);
    expect(access.isSignedIn(`a=b; ${pair};c=d=e`)).toBe(true);
    const name = pair.slice(0, pair.indexOf('='));
    expect(access.isSignedIn(`${name}=planted; ${pair}`)).toBe(true);
  });

  it('refuses everything else', () => {
    const [name = '', value = ''] = pair.split('=');
    for (const cookie of [
      undefined,
      '',
      name,
      value,
      `${name}=`,
      `${name}=${access.token}`,
      `x${pair}`,
      `${name}x=${value}`,
      new Access('machine\n/home').setCookie,
    ]) {
      expect(access.isSignedIn(cookie)).toBe(false);
    }
  });

  it('names the cookie by home folder, so that two hosts leave each other alone', () => {
    const nameOf = ({ setCookie }: Access): string => setCookie.slice(0, setCookie.indexOf('='));
    expect(nameOf(new Access('machine\n/home'))).toBe(nameOf(access));
    expect(nameOf(new Access('machine\n/other'))).not.toBe(nameOf(access));
  });
});
