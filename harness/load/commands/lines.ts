import { type CommandSyntax, type Group, syntaxOf } from "./syntax.ts";

/* Commands on data as Redis 7.0 has them, for servers that do not tell theirs (COMMAND DOCS): what a server does not know of them is left out. */

const BOUNDS = "min max [LIMIT offset count]";
const STORE = "destination numkeys key... [WEIGHTS weight...] [AGGREGATE (SUM|MIN|MAX)]";
const READ = "numkeys key... [WEIGHTS weight...] [AGGREGATE (SUM|MIN|MAX)] [WITHSCORES]";
const TRIM = "(MAXLEN|MINID) [=|~] threshold";
const RADIUS = "(M|KM|FT|MI) [WITHCOORD] [WITHDIST] [WITHHASH] [COUNT count] [ASC|DESC]";
const AREA =
  "(FROMMEMBER member | FROMLONLAT longitude latitude) (BYRADIUS radius (M|KM) | BYBOX width height (M|KM)) [ASC|DESC] [COUNT count]";

const LINES: Readonly<Record<Exclude<Group, "other">, string>> = {
  string: `
    APPEND key value
    DECR key
    DECRBY key decrement
    GET key
    GETDEL key
    GETEX key [EX seconds | PX milliseconds | PERSIST]
    GETRANGE key start end
    GETSET key value
    INCR key
    INCRBY key increment
    INCRBYFLOAT key float
    MGET key...
    MSET (key value)...
    MSETNX (key value)...
    PSETEX key milliseconds value
    SET key value [NX|XX] [EX seconds | PX milliseconds]
    SETEX key seconds value
    SETNX key value
    SETRANGE key offset value
    STRLEN key
    SUBSTR key start end`,
  list: `
    BLMOVE source destination (LEFT|RIGHT) (LEFT|RIGHT) timeout
    BLMPOP timeout numkeys key... (LEFT|RIGHT) [COUNT count]
    BLPOP key... timeout
    BRPOP key... timeout
    BRPOPLPUSH source destination timeout
    LINDEX key index
    LINSERT key (BEFORE|AFTER) element element
    LLEN key
    LMOVE source destination (LEFT|RIGHT) (LEFT|RIGHT)
    LMPOP numkeys key... (LEFT|RIGHT) [COUNT count]
    LPOP key [count]
    LPOS key element [RANK rank] [COUNT count] [MAXLEN len]
    LPUSH key element...
    LPUSHX key element...
    LRANGE key start stop
    LREM key index element
    LSET key index element
    LTRIM key start stop
    RPOP key [count]
    RPOPLPUSH source destination
    RPUSH key element...
    RPUSHX key element...`,
  set: `
    SADD key member...
    SCARD key
    SDIFF key...
    SDIFFSTORE destination key...
    SINTER key...
    SINTERCARD numkeys key... [LIMIT limit]
    SINTERSTORE destination key...
    SISMEMBER key member
    SMEMBERS key
    SMISMEMBER key member...
    SMOVE source destination member
    SPOP key [count]
    SRANDMEMBER key [count]
    SREM key member...
    SSCAN key cursor [MATCH pattern] [COUNT count]
    SUNION key...
    SUNIONSTORE destination key...`,
  "sorted-set": `
    BZMPOP timeout numkeys key... (MIN|MAX) [COUNT count]
    BZPOPMAX key... timeout
    BZPOPMIN key... timeout
    ZADD key [NX|XX] [GT|LT] [CH] (score member)...
    ZADD key INCR score member
    ZCARD key
    ZCOUNT key min max
    ZDIFF numkeys key... [WITHSCORES]
    ZDIFFSTORE destination numkeys key...
    ZINCRBY key float member
    ZINTER ${READ}
    ZINTERCARD numkeys key... [LIMIT limit]
    ZINTERSTORE ${STORE}
    ZLEXCOUNT key min max
    ZMPOP numkeys key... (MIN|MAX) [COUNT count]
    ZMSCORE key member...
    ZPOPMAX key [count]
    ZPOPMIN key [count]
    ZRANDMEMBER key [count [WITHSCORES]]
    ZRANGE key start stop [WITHSCORES]
    ZRANGE key min max BYSCORE [REV] [LIMIT offset count] [WITHSCORES]
    ZRANGEBYLEX key ${BOUNDS}
    ZRANGEBYSCORE key ${BOUNDS}
    ZRANGESTORE destination source start stop
    ZRANK key member
    ZREM key member...
    ZREMRANGEBYLEX key min max
    ZREMRANGEBYRANK key start stop
    ZREMRANGEBYSCORE key min max
    ZREVRANGE key start stop [WITHSCORES]
    ZREVRANGEBYLEX key ${BOUNDS}
    ZREVRANGEBYSCORE key ${BOUNDS}
    ZREVRANK key member
    ZSCAN key cursor [MATCH pattern] [COUNT count]
    ZSCORE key member
    ZUNION ${READ}
    ZUNIONSTORE ${STORE}`,
  hash: `
    HDEL key field...
    HEXISTS key field
    HGET key field
    HGETALL key
    HINCRBY key field increment
    HINCRBYFLOAT key field float
    HKEYS key
    HLEN key
    HMGET key field...
    HMSET key (field value)...
    HRANDFIELD key [count [WITHVALUES]]
    HSCAN key cursor [MATCH pattern] [COUNT count]
    HSET key (field value)...
    HSETNX key field value
    HSTRLEN key field
    HVALS key`,
  stream: `
    XACK key group id...
    XADD key [NOMKSTREAM] [${TRIM}] (*|id) (field value)...
    XAUTOCLAIM key group consumer entries id [COUNT count]
    XCLAIM key group consumer entries id... [JUSTID]
    XDEL key id...
    XGROUP.CREATE key group (id|$) [MKSTREAM]
    XGROUP.CREATECONSUMER key group consumer
    XGROUP.DELCONSUMER key group consumer
    XGROUP.DESTROY key group
    XGROUP.SETID key group (id|$)
    XINFO.CONSUMERS key group
    XINFO.GROUPS key
    XINFO.STREAM key
    XLEN key
    XPENDING key group
    XRANGE key (-|id) (+|id) [COUNT count]
    XREAD [COUNT count] STREAMS key... id...
    XREADGROUP GROUP group consumer [COUNT count] STREAMS key... (>|id)...
    XREVRANGE key (+|id) (-|id) [COUNT count]
    XSETID key id
    XTRIM key ${TRIM}`,
  bitmap: `
    BITCOUNT key [start end]
    BITFIELD key (GET encoding offset | SET encoding offset increment | INCRBY encoding offset increment)...
    BITOP (AND|OR|XOR) destkey key...
    BITOP NOT destkey key
    BITPOS key bit [start]
    GETBIT key offset
    SETBIT key offset bit`,
  hyperloglog: `
    PFADD key element...
    PFCOUNT key...
    PFMERGE destkey sourcekey...`,
  geo: `
    GEOADD key (longitude latitude member)...
    GEODIST key member member [M|KM|FT|MI]
    GEOHASH key member...
    GEOPOS key member...
    GEORADIUS key longitude latitude radius ${RADIUS}
    GEORADIUSBYMEMBER key member radius ${RADIUS}
    GEOSEARCH key ${AREA} [WITHCOORD] [WITHDIST]
    GEOSEARCHSTORE destination source ${AREA}`,
  generic: `
    COPY source destination [REPLACE]
    DEL key...
    DUMP key
    EXISTS key...
    EXPIRE key seconds
    EXPIREAT key unix-time-seconds
    EXPIRETIME key
    OBJECT.ENCODING key
    PERSIST key
    PEXPIRE key milliseconds
    PEXPIREAT key unix-time-milliseconds
    PEXPIRETIME key
    PTTL key
    RANDOMKEY
    RENAME key newkey
    RENAMENX key newkey
    SCAN cursor [MATCH pattern] [COUNT count]
    TOUCH key...
    TTL key
    TYPE key
    UNLINK key...
    DBSIZE
    ECHO value
    PING [value]
    PUBLISH channel value
    TIME`,
  json: `
    JSON.ARRAPPEND key path json...
    JSON.ARRLEN key path
    JSON.ARRPOP key path index
    JSON.CLEAR key path
    JSON.DEL key path
    JSON.GET key path
    JSON.MERGE key path json
    JSON.NUMINCRBY key path increment
    JSON.OBJKEYS key path
    JSON.SET key path json
    JSON.STRAPPEND key path json
    JSON.TOGGLE key path
    JSON.TYPE key path`,
};

/** Reads lines of one group. */
export function syntaxIn(group: Group, lines: string): CommandSyntax[] {
  return lines
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "")
    .map((line) => syntaxOf(group, line));
}

/** Those of every server. */
export const commonSyntax: readonly CommandSyntax[] = Object.entries(LINES).flatMap(([group, lines]) =>
  syntaxIn(group as Group, lines),
);
