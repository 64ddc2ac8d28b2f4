-- Sends the requests of a file in turn (load/ring.ts writes it) and prints what came of it as one line of JSON.
local requests, count, at = {}, 0, 0

function init(args)
  local file = assert(io.open(args[1], 'rb'))
  for length in file:lines() do
    count = count + 1
    requests[count] = file:read(tonumber(length))
  end
  file:close()
end

function request()
  at = at % count + 1
  return requests[at]
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format('{"answered":%d,"seconds":%.6f,"refused":%d,"broken":%d}\n', summary.requests,
    summary.duration / 1e6, errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end
