import type { Member, Presence } from "./ChatEvent.ts"
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
