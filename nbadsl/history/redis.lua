-- What the history does in one step in Redis: keep events, reserve, confirm, expire, forget, and answer demands.
--
-- KEYS[1]: what all our keys start with. ARGV[1]: which step, ARGV[2]: its values as JSON. Numbers come and go as
-- text, because Lua's JSON would round moments. Below that prefix:
--
--   sorts           hash    kind, action, groups, channel and cost, as JSON -> the number of that sort
--   d:DECISION      hash    id of an event -> "NUMBER|JSON of the event"
--   log             zset    every event, "DECISION\0ID", by number
--   s:FIELD:KEY     zset    "SORT|NUMBER" of every event that stands for this subject, by time
--   t:SORT          zset    the number of every event of this sort that stands, by time
--   of:FIELD        set     keys of subjects;   p:KEY  set  decisions of a person
--   until           zset    reserved decisions, by the moment when they are released
--   undone          set     decisions that have been released
--   chunks:RUN      set;    number, forgotten: counters

local p = KEYS[1]
local step, v = ARGV[1], cjson.decode(ARGV[2])

-- --- events ---

local function subjects(event)
  local all = {}
  if event.key ~= cjson.null then all[1] = {'', event.key} end
  for _, of in ipairs(event.subjects) do all[#all + 1] = of end
  return all
end

local function subject(of) return p .. 's:' .. of[1] .. ':' .. of[2] end

local function leave(event, number)
  for _, of in ipairs(subjects(event)) do redis.call('ZREM', subject(of), event.sort .. '|' .. number) end
end

local function take_back(decision)
  local all = redis.call('HGETALL', p .. 'd:' .. decision)
  for i = 2, #all, 2 do
    local number, json = string.match(all[i], '^(%d+)|(.*)$')
    local event = cjson.decode(json)
    if event.kind == 'decided' then
      leave(event, number)
      redis.call('ZREM', p .. 't:' .. event.sort, number)
    end
  end
end

local function add(json)
  local event = cjson.decode(json)
  local name = p .. 'd:' .. event.decision
  if redis.call('HEXISTS', name, event.id) == 1 then return 0 end
  local number = tostring(redis.call('INCR', p .. 'number'))
  redis.call('HSET', name, event.id, number .. '|' .. json)
  redis.call('ZADD', p .. 'log', number, event.decision .. '\0' .. event.id)
  if event.key ~= cjson.null then redis.call('SADD', p .. 'p:' .. event.key, event.decision) end
  if event.kind == 'released' then
    redis.call('SADD', p .. 'undone', event.decision)
    redis.call('ZREM', p .. 'until', event.decision)
    take_back(event.decision)
  elseif event.kind ~= 'decided' or redis.call('SISMEMBER', p .. 'undone', event.decision) == 0 then
    redis.call('ZADD', p .. 't:' .. event.sort, event.at, number)
    for _, of in ipairs(subjects(event)) do
      redis.call('ZADD', subject(of), event.at, event.sort .. '|' .. number)
      redis.call('SADD', p .. 'of:' .. of[1], of[2])
    end
  end
  return 1
end

local function remove(json)
  local event = cjson.decode(json)
  local name = p .. 'd:' .. event.decision
  local number = string.match(redis.call('HGET', name, event.id), '^(%d+)|')
  leave(event, number)
  redis.call('ZREM', p .. 't:' .. event.sort, number)
  redis.call('HDEL', name, event.id)
  redis.call('ZREM', p .. 'log', event.decision .. '\0' .. event.id)
  if event.key ~= cjson.null and redis.call('EXISTS', name) == 0 then
    redis.call('SREM', p .. 'p:' .. event.key, event.decision)
  end
end

local function release(decision, at)
  local name = p .. 'd:' .. decision
  if redis.call('EXISTS', name) == 0 or redis.call('SISMEMBER', p .. 'undone', decision) == 1 then return 0 end
  local all, first = redis.call('HGETALL', name), nil
  for i = 2, #all, 2 do
    local event = cjson.decode(string.match(all[i], '^%d+|(.*)$'))
    if event.kind == 'decided' and (not first or tonumber(event.place) < tonumber(first.place)) then first = event end
  end
  if not first then return 0 end
  first.id, first.kind, first.at, first.cost, first.place = 'released', 'released', at, '', '0'
  return add(cjson.encode(first))
end

-- --- demands: as demands.py defines them ---

local function rests(pause, times, now)
  local length, count, within = tonumber(pause[1]), tonumber(pause[2]), tonumber(pause[3])
  for last = #times, count, -1 do
    if times[last] <= now - length then return false end
    if not within or times[last - count + 1] > times[last] - within then return true end
  end
  return false
end

local function counted(demand)
  local count, priced, cost, times = 0, 0, 0, {}
  if demand.field == cjson.null then
    for _, sort in ipairs(demand.sorts) do
      local n = redis.call('ZCOUNT', p .. 't:' .. sort[1], demand.start, demand.now)
      count = count + n
      if sort[2] ~= '' then priced, cost = priced + n, cost + n * tonumber(sort[2]) end
    end
  else
    local wanted = {}
    for _, sort in ipairs(demand.sorts) do wanted[sort[1]] = sort[2] end
    local name = p .. 's:' .. demand.field .. ':' .. demand.key
    local all = redis.call('ZRANGEBYSCORE', name, demand.start, demand.now, 'WITHSCORES')
    for i = 1, #all, 2 do
      local price = wanted[string.match(all[i], '^(%d+)|')]
      if price then
        count = count + 1
        times[count] = tonumber(all[i + 1])
        if price ~= '' then priced, cost = priced + 1, cost + tonumber(price) end
      end
    end
  end
  return count, priced, cost, times
end

local function room(demand)
  local count, priced, cost, times = counted(demand)
  local now = tonumber(demand.now)
  if demand.pause ~= cjson.null then
    if rests(demand.pause, times, now) then return 0 end
    local together, within = 0, tonumber(demand.pause[3])
    for _, at in ipairs(times) do
      if not within or at > now - within then together = together + 1 end
    end
    return math.max(tonumber(demand.pause[2]) - together, 1)
  end
  if demand.each == cjson.null then return tonumber(demand.most) - count end
  local each = tonumber(demand.each)
  return math.floor((tonumber(demand.most) - cost - (count - priced) * each) / each)
end

-- --- steps ---

if v.sorts and redis.call('HLEN', p .. 'sorts') ~= tonumber(v.sorts) then return {'stale'} end

if step == 'sort' then
  if redis.call('HEXISTS', p .. 'sorts', v.sort) == 0 then
    redis.call('HSET', p .. 'sorts', v.sort, tostring(redis.call('HLEN', p .. 'sorts') + 1))
  end
  return redis.call('HGET', p .. 'sorts', v.sort)
elseif step == 'rooms' then
  local rooms = {}
  for i, demand in ipairs(v.demands) do rooms[i] = string.format('%.0f', room(demand)) end
  return rooms
elseif step == 'tallies' then
  local tallies = {}
  for i, demand in ipairs(v.demands) do
    local count, priced, cost = counted(demand)
    tallies[i] = {string.format('%.0f', count), string.format('%.0f', priced), string.format('%.0f', cost)}
  end
  return tallies
elseif step == 'add' then
  local count = 0
  for _, json in ipairs(v.events) do count = count + add(json) end
  return count
elseif step == 'reserve' then
  local answers, kept, lost = {}, {}, false
  for i, request in ipairs(v.requests) do
    answers[i] = 'kept'
    if redis.call('EXISTS', p .. 'd:' .. request.decision) == 1 then
      answers[i] = 'known'
    else
      for j, demand in ipairs(request.demands) do
        if answers[i] == 'kept' and room(demand) < tonumber(demand.wants) then
          answers[i], lost = tostring(j - 1), true
        end
      end
      if answers[i] == 'kept' then
        for _, json in ipairs(request.events) do add(json); kept[#kept + 1] = json end
        if v['until'] ~= '' then redis.call('ZADD', p .. 'until', v['until'], request.decision) end
      end
    end
  end
  if lost then
    for _, json in ipairs(kept) do remove(json) end
    for i, request in ipairs(v.requests) do
      if answers[i] == 'kept' then redis.call('ZREM', p .. 'until', request.decision) end
    end
  elseif v.run ~= '' then
    redis.call('SADD', p .. 'chunks:' .. v.run, v.chunk)
  end
  return answers
elseif step == 'confirm' then
  redis.call('ZREM', p .. 'until', v.decision)
  return 1
elseif step == 'release' then
  return release(v.decision, v.at)
elseif step == 'expire' then
  local over, count = redis.call('ZRANGEBYSCORE', p .. 'until', '-inf', v.now, 'WITHSCORES'), 0
  for i = 1, #over, 2 do count = count + release(over[i], string.format('%.0f', tonumber(over[i + 1]))) end
  return count
elseif step == 'forget' then
  local count = 0
  for _, each in ipairs(v.names) do
    local decision, name = each[1], each[2]
    if redis.call('ZSCORE', p .. 'until', decision) then release(decision, v.now) end
    local all = redis.call('HGETALL', p .. 'd:' .. decision)
    for i = 1, #all, 2 do
      local number, json = string.match(all[i + 1], '^(%d+)|(.*)$')
      local event = cjson.decode(json)
      if event.key == v.key then
        count = count + 1
        leave(event, number)
        redis.call('HDEL', p .. 'd:' .. decision, all[i])
        redis.call('ZREM', p .. 'log', decision .. '\0' .. all[i])
        event.decision, event.key, event.subjects = name, cjson.null, {}
        redis.call('HSET', p .. 'd:' .. name, all[i], number .. '|' .. cjson.encode(event))
        redis.call('ZADD', p .. 'log', number, name .. '\0' .. all[i])
        if redis.call('SISMEMBER', p .. 'undone', decision) == 1 then redis.call('SADD', p .. 'undone', name) end
      end
    end
    if redis.call('EXISTS', p .. 'd:' .. decision) == 0 then redis.call('SREM', p .. 'undone', decision) end
  end
  redis.call('DEL', p .. 'p:' .. v.key)
  redis.call('SREM', p .. 'of:', v.key)
  if count > 0 then redis.call('INCR', p .. 'forgotten') end
  return count
end
return redis.error_reply('no step ' .. step)
