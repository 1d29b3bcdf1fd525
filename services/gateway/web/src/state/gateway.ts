/** The gateway as the logged-in user sees it. A token it refuses ends the session. */
import { connect } from '../api/client'
import { requests } from '../api/requests'
import { leave, token } from './session'

export const gateway = requests(connect(() => token.value, leave))
