-- Adds records to hashes. See record.go for the form of a record.
--
-- KEYS     the hashes; for a round, the one hash and the index of rounds
-- ARGV[1]  milliseconds until a hash expires
-- ARGV[2]  how much evidence a record holds, in thousandths of a view; older evidence makes room. 0 is without end.
-- ARGV[3]  how many fields a hash may have
-- ARGV[4]  for a round, its length in milliseconds; otherwise 0
-- ARGV[5]  for a round, its number
-- ARGV[6]  for a round, how many of them the index keeps
-- then, for each hash, the number of records, and field and record in turn.
--
-- A key that is no hash is left alone, and a record that cannot be makes room for the new one.
--
-- Returns how many records were refused, for want of room or of a hash, then for a round the time in
-- milliseconds, then the size of each hash. Nothing is added to a round that is not under way, and -1
-- returned with the time: whoever finds a round to be over knows that it stays as it is.
local form, head, maxTail = '>dddi4i4i4i4I4I4', 48, 16384
local memory, room, length = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local hashes, result = #KEYS, {0}

if length > 0 then
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  if math.floor(now / length) ~= tonumber(ARGV[5]) then
    return {-1, now}
  end
  hashes, result[2] = hashes - 1, now
end

-- announce puts a round into the index, a stream whose identifiers are the numbers of rounds. Redis without
-- streams goes on without; one that is full must refuse the records as well, and would not once anything is written.
local function announce()
  local index, id = KEYS[#KEYS], ARGV[5] .. '-1'
  local function add()
    local added = redis.pcall('XADD', index, 'MAXLEN', ARGV[6], id, 'round', ARGV[5])
    return type(added) == 'table' and added.err or ''
  end
  local err = add()
  if string.find(err, 'smaller', 1, true) then
    local last = redis.call('XREVRANGE', index, '+', '-', 'COUNT', 1)
    if last[1] and last[1][1] ~= id then -- the clock went back
      redis.call('DEL', index)
      err = add()
    end
  end
  if string.find(err, 'OOM', 1, true) then
    error(err)
  end
end

local function count(x) -- false for NaN
  return x >= 0 and x <= 2 ^ 53
end

-- merge adds two records up. An old one that nodes would not read makes room for the new one.
local function merge(new, old)
  if #old < head or #old > head + maxTail then
    return new
  end
  local usedO, viewsO, heldO, for1O, for0O, against1O, against0O, dayO, timeO = struct.unpack(form, old)
  if not (count(usedO) and count(viewsO) and count(heldO)) then
    return new
  end
  local used, views, held, for1, for0, against1, against0, day, time = struct.unpack(form, new)
  if memory > 0 and views + held + viewsO + heldO > memory and viewsO + heldO > 0 then
    local keep = math.max(0, memory - views - held) / (viewsO + heldO)
    usedO, viewsO, heldO = usedO * keep, viewsO * keep, heldO * keep
  end
  if day == dayO then
    for1, for0 = bit.bor(for1, for1O), bit.bor(for0, for0O)
    against1, against0 = bit.bor(against1, against1O), bit.bor(against0, against0O)
  elseif dayO > day then
    for1, for0, against1, against0, day = for1O, for0O, against1O, against0O, dayO
  end
  local tail, tailO = string.sub(new, head + 1), string.sub(old, head + 1)
  -- Of two tails of the same second the greater stays, so that order does not matter.
  if timeO > time or timeO == time and tailO > tail then
    time, tail = timeO, tailO
  end
  return struct.pack(form, used + usedO, views + viewsO, held + heldO, for1, for0, against1, against0, day, time) .. tail
end

local refused, at = 0, 7
for k = 1, hashes do
  local key = KEYS[k]
  local n = tonumber(ARGV[at])
  local fields, sets = {}, {}
  for i = 1, n do
    fields[i] = ARGV[at + 2 * i - 1]
  end
  local size = redis.pcall('HLEN', key)
  local before = size
  if type(size) == 'number' then
    local olds = redis.call('HMGET', key, unpack(fields))
    for i = 1, n do
      local record, old = ARGV[at + 2 * i], olds[i]
      if old then
        record = merge(record, old)
      else
        size = size + 1
      end
      if size > room and not old then
        size, refused = size - 1, refused + 1
      else
        sets[#sets + 1], sets[#sets + 2] = fields[i], record
      end
    end
    if #sets > 0 then
      if length > 0 and before == 0 then
        announce()
      end
      redis.call('HSET', key, unpack(sets))
      if length == 0 or before == 0 then
        redis.call('PEXPIRE', key, ARGV[1])
      end
      if length > 0 and before == 0 then
        redis.call('PEXPIRE', KEYS[#KEYS], ARGV[1])
      end
    end
  elseif string.find(size.err, 'WRONGTYPE', 1, true) then
    size, refused = 0, refused + n
  else
    return size
  end
  result[#result + 1], at = size, at + 2 * n + 1
end
result[1] = refused
return result
