/*
 * Who may do what in a workspace, told once more and as simply as it goes: sets of names, no code of the product. The calls
 * of a sequence are made here and through the API, and what everybody can do must then be the same.
 */

export type Actor = {
  name: string;
  /** `u/<user>` or `g/<group>`: whom he acts as. */
  as: string;
  token: string;
  limit?: 'read-only' | 'scripts of f/a';
};

export type Call =
  | { does: 'update user'; user: string; change: { is_admin?: boolean; operator?: boolean; disabled?: boolean } }
  | { does: 'add user' | 'delete user'; user: string }
  | { does: 'create group'; group: string }
  | { does: 'delete group'; group: string }
  | { does: 'join group' | 'leave group'; group: string; user: string }
  | { does: 'create folder'; folder: string }
  | { does: 'delete folder'; folder: string }
  | { does: 'add owner' | 'remove owner'; folder: string; grantee: string }
  | { does: 'grant'; kind: 'script' | 'folder' | 'group_'; path: string; grantee: string; write: boolean }
  | { does: 'revoke'; kind: 'script' | 'folder' | 'group_'; path: string; grantee: string }
  | { does: 'create script' | 'delete script'; path: string };

type Grants = Map<string, boolean>;
type Somebody = { as: string; names: Set<string>; admin: boolean; operator: boolean };
type Level = 'none' | 'read' | 'write';

/** The order of both lists that are compared. */
export const byText = (a: string, b: string): number => (a < b ? -1 : 1);

export class World {
  readonly members = new Map<string, { is_admin: boolean; operator: boolean; disabled: boolean }>();
  readonly groups = new Map<string, { members: Set<string>; grants: Grants }>();
  readonly folders = new Map<string, { owners: Set<string>; grants: Grants }>();
  readonly scripts = new Map<string, Grants>();
  readonly #former = new Set<string>();

  #somebody({ as }: Actor): Somebody | undefined {
    const [kind, name = ''] = as.split('/');
    if (kind === 'g')
      return this.groups.has(name) ? { as, names: new Set([as]), admin: false, operator: false } : undefined;
    const member = this.members.get(name);
    if (member === undefined || member.disabled) return undefined;
    const groups = [...this.groups].filter(([, group]) => group.members.has(name)).map(([group]) => `g/${group}`);
    return {
      as,
      names: new Set([as, 'g/all', ...groups]),
      admin: member.is_admin,
      operator: member.operator && !member.is_admin,
    };
  }

  /** What is granted at a path to somebody, by whose path it is, by its folder, and on the script itself. */
  #level(who: Somebody, path: string): Level {
    if (who.admin) return 'write';
    const [kind, room = ''] = path.split('/');
    const folder = kind === 'f' ? this.folders.get(room) : undefined;
    const given = [...(folder?.grants ?? []), ...(this.scripts.get(path) ?? [])].filter(([name]) =>
      who.names.has(name),
    );
    const writes =
      (kind !== 'f' && who.names.has(`${kind}/${room}`)) ||
      [...(folder?.owners ?? [])].some((name) => who.names.has(name)) ||
      given.some(([, write]) => write);
    if (writes) return who.operator ? 'read' : 'write';
    return given.length > 0 ? 'read' : 'none';
  }

  #owns(who: Somebody, path: string): boolean {
    const [kind, room = ''] = path.split('/');
    if (who.admin) return true;
    if (who.operator) return false;
    if (kind === 'f') return [...(this.folders.get(room)?.owners ?? [])].some((name) => who.names.has(name));
    return kind === 'u' && who.as === `u/${room}`;
  }

  readable(actor: Actor): string[] | 'refused' {
    const who = this.#somebody(actor);
    if (who === undefined || actor.limit === 'scripts of f/a') return 'refused';
    return [...this.scripts.keys()].filter((path) => this.#level(who, path) !== 'none').toSorted(byText);
  }

  mayRead(actor: Actor, path: string): boolean {
    const who = this.#somebody(actor);
    if (actor.limit === 'scripts of f/a' && !path.startsWith('f/a/')) return false;
    return who !== undefined && this.#level(who, path) !== 'none';
  }

  mayRun(actor: Actor, path: string): boolean {
    return actor.limit === undefined && this.mayRead(actor, path);
  }

  mayWrite(actor: Actor, path: string): boolean {
    const who = this.#somebody(actor);
    if (actor.limit === 'read-only' || (actor.limit === 'scripts of f/a' && !path.startsWith('f/a/'))) return false;
    return who !== undefined && this.#level(who, path) === 'write';
  }

  /** Makes the call. False: it is refused, or there is nothing for it to do. */
  call(actor: Actor, call: Call): boolean {
    const who = this.#somebody(actor);
    if (who === undefined || who.operator) return false;
    if (actor.limit !== undefined) {
      const inScope = (call.does === 'create script' || call.does === 'delete script') && call.path.startsWith('f/a/');
      if (actor.limit === 'read-only' || !inScope) return false;
    }
    switch (call.does) {
      case 'update user':
      case 'add user':
      case 'delete user':
        return who.admin && this.#people(call);
      case 'create group':
        if (this.groups.has(call.group) || !this.#mayMake(who, `g/${call.group}`)) return false;
        this.groups.set(call.group, {
          members: new Set(who.as.startsWith('u/') ? [who.as.slice(2)] : []),
          grants: new Map(who.as.startsWith('u/') ? [[who.as, true]] : []),
        });
        return true;
      case 'create folder':
        if (this.folders.has(call.folder) || !this.#mayMake(who, `f/${call.folder}`)) return false;
        this.folders.set(call.folder, { owners: new Set([who.as]), grants: new Map() });
        return true;
      case 'delete group':
      case 'join group':
      case 'leave group':
        return this.#group(who, call);
      case 'delete folder':
      case 'add owner':
      case 'remove owner':
        return this.#folder(who, call);
      case 'grant':
      case 'revoke': {
        const grants = this.#grantsOf(who, call);
        if (grants === undefined) return false;
        if (call.does === 'grant') grants.set(call.grantee, call.write);
        else grants.delete(call.grantee);
        return true;
      }
      case 'create script':
        if (this.scripts.has(call.path) || this.#level(who, call.path) !== 'write') return false;
        this.scripts.set(call.path, new Map());
        return true;
      case 'delete script':
        if (!this.scripts.has(call.path) || this.#level(who, call.path) !== 'write') return false;
        return this.scripts.delete(call.path);
    }
  }

  /** A name that was given up is an admin's to give again. */
  #mayMake(who: Somebody, name: string): boolean {
    if (this.#former.has(name) && !who.admin) return false;
    this.#former.delete(name);
    return true;
  }

  #people(call: Extract<Call, { user: string }>): boolean {
    const member = this.members.get(call.user);
    if (call.does === 'add user') {
      if (member !== undefined) return false;
      this.members.set(call.user, { is_admin: false, operator: false, disabled: false });
      return true;
    }
    if (member === undefined) return false;
    if (call.does === 'update user') Object.assign(member, call.change);
    else {
      this.members.delete(call.user);
      for (const group of this.groups.values()) {
        group.members.delete(call.user);
        group.grants.delete(`u/${call.user}`);
      }
      for (const folder of this.folders.values()) {
        folder.owners.delete(`u/${call.user}`);
        folder.grants.delete(`u/${call.user}`);
      }
    }
    return true;
  }

  #manages(who: Somebody, name: string): boolean {
    return who.admin || this.groups.get(name)?.grants.get(who.as) === true;
  }

  #group(who: Somebody, call: Extract<Call, { does: 'delete group' | 'join group' | 'leave group' }>): boolean {
    const group = this.groups.get(call.group);
    if (group === undefined || !this.#manages(who, call.group)) return false;
    if (call.does === 'leave group') group.members.delete(call.user);
    else if (call.does === 'join group') {
      if (!this.members.has(call.user)) return false;
      group.members.add(call.user);
    } else {
      this.groups.delete(call.group);
      this.#former.add(`g/${call.group}`);
    }
    return true;
  }

  #folder(who: Somebody, call: Extract<Call, { does: 'delete folder' | 'add owner' | 'remove owner' }>): boolean {
    const folder = this.folders.get(call.folder);
    if (folder === undefined || !this.#owns(who, `f/${call.folder}`)) return false;
    if (call.does === 'add owner') folder.owners.add(call.grantee);
    else if (call.does === 'remove owner') {
      folder.owners.delete(call.grantee);
      folder.grants.delete(call.grantee);
    } else {
      this.folders.delete(call.folder);
      this.#former.add(`f/${call.folder}`);
    }
    return true;
  }

  #grantsOf(who: Somebody, call: Extract<Call, { kind: string }>): Grants | undefined {
    if (call.kind === 'group_') return this.#manages(who, call.path) ? this.groups.get(call.path)?.grants : undefined;
    const path = call.kind === 'folder' ? `f/${call.path}` : call.path;
    if (!this.#owns(who, path)) return undefined;
    return call.kind === 'folder' ? this.folders.get(call.path)?.grants : this.scripts.get(call.path);
  }
}
