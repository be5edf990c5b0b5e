-- Lab's own resty.chash: a hash ring; each node stands on it as often as its weight says.
local _M = {}
local meta = { __index = _M }
local PLACES_PER_WEIGHT = 160

function _M.new(_, nodes)
  local self = setmetatable({}, meta)
  self:reinit(nodes)
  return self
end

function _M:reinit(nodes)
  local ring = {}
  for node, weight in pairs(nodes) do
    for place = 1, weight * PLACES_PER_WEIGHT do
      ring[#ring + 1] = { hash = ngx.crc32_long(node .. "#" .. place), node = node }
    end
  end
  table.sort(ring, function(left, right)
    return left.hash < right.hash or left.hash == right.hash and left.node < right.node
  end)
  self.nodes, self.ring = nodes, ring
end

function _M:find(key)
  local ring = self.ring
  if #ring == 0 then
    return nil, "no nodes"
  end
  local hash = ngx.crc32_long(tostring(key))
  local low, high = 1, #ring
  while low < high do -- first place at or after the key's hash
    local middle = math.floor((low + high) / 2)
    if ring[middle].hash < hash then
      low = middle + 1
    else
      high = middle
    end
  end
  if ring[low].hash < hash then
    low = 1 -- past the end: the ring closes
  end
  return ring[low].node, low
end

return _M
