import type { Member, Presence, SetUserMeta } from "./ChatEvent.ts"
import { type UserKey, userKey } from "./Ids.ts"

/** Bounds the list of a channel; no room has as many people. */
const mostMembers = 10_000

/** Who is in a room, by name. */
export type Members = Map<UserKey, Member>

const noteMember = (members: Members, member: Member): void => {
  const key = userKey(member.username)
  if (members.size < mostMembers || members.has(key)) members.set(key, member)
}

/** A join, a leave or a change of rank (F1). */
export const applyPresence = (members: Members, presence: Presence): void => {
  switch (presence._tag) {
    case "UserList":
      members.clear()
      presence.members.forEach((member) => noteMember(members, member))
      return
    case "AddUser":
    case "SetUserRank":
      return noteMember(members, presence.member)
    case "UserLeave":
      members.delete(userKey(presence.username))
  }
}

/** Whether a person is muted after what came: his own entry on a join tells, and every change of it. */
export const mutedAfter = (muted: boolean, event: Presence | SetUserMeta, user: UserKey): boolean => {
  switch (event._tag) {
    case "UserList": {
      const member = event.members.find(({ username }) => userKey(username) === user)
      return member === undefined ? muted : member.muted === true
    }
    case "AddUser":
      return userKey(event.member.username) === user ? event.member.muted === true : muted
    case "SetUserMeta":
      return userKey(event.username) === user ? event.muted : muted
    case "UserLeave":
    case "SetUserRank":
      return muted
  }
}
