-- Lab's own resty.roundrobin: smooth weighted round robin over a map from node to weight.
local _M = {}
local meta = { __index = _M }

function _M.new(_, nodes)
  local self = setmetatable({}, meta)
  self:reinit(nodes)
  return self
end

function _M:reinit(nodes)
  local turns, sum = {}, 0
  for node, weight in pairs(nodes) do
    turns[#turns + 1] = { node = node, weight = weight, due = 0 }
    sum = sum + weight
  end
  -- the same order in every worker, but not the same start
  table.sort(turns, function(left, right) return left.node < right.node end)
  self.nodes, self.turns, self.sum = nodes, turns, sum
  for _ = 1, math.random(0, #turns) do
    self:find()
  end
end

function _M:find()
  local best
  for _, turn in ipairs(self.turns) do
    turn.due = turn.due + turn.weight
    if best == nil or turn.due > best.due then
      best = turn
    end
  end
  if best == nil then
    return nil, "no nodes"
  end
  best.due = best.due - self.sum
  return best.node
end

_M.next = _M.find

return _M
