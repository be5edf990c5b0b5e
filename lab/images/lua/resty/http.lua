-- Lab's stand-in for resty.http, which only OCSP stapling uses: every request fails.
local _M = {}

local function refuse()
  return nil, "the lab's image has no resty.http"
end

function _M.new()
  return setmetatable({ set_timeout = function() end, set_timeouts = function() end }, { __index = _M })
end

_M.parse_uri, _M.request_uri, _M.connect, _M.request = refuse, refuse, refuse, refuse

return _M
