-- Lab's own resty.lock: a key in a shared dictionary, waited for in small steps.
local _M = {}
local meta = { __index = _M }
local STEP_S = 0.01

function _M.new(_, name, options)
  local dictionary = ngx.shared[name]
  if dictionary == nil then
    return nil, "dictionary not found"
  end
  options = options or {}
  return setmetatable({ dictionary = dictionary, timeout = options.timeout or 5, exptime = options.exptime or 30 }, meta)
end

function _M:lock(key)
  local waited = 0
  while waited <= self.timeout do
    local is_mine, reason = self.dictionary:add(key, true, self.exptime)
    if is_mine then
      self.key = key
      return waited
    elseif reason ~= "exists" then
      return nil, reason
    end
    ngx.sleep(STEP_S)
    waited = waited + STEP_S
  end
  return nil, "timeout"
end

function _M:unlock()
  if self.key == nil then
    return nil, "unlocked"
  end
  self.dictionary:delete(self.key)
  self.key = nil
  return 1
end

return _M
