-- Lab's stand-in for resty.global_throttle, which only the global rate limit (it needs memcached) uses.
local _M = {}

function _M.new()
  return nil, "the lab's image has no resty.global_throttle"
end

return _M
